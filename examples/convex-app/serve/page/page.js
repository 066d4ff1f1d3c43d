/** The page: plain functions over Convex's HTTP API, and the chat's stream. */
import { showObjectives } from "./objectives.js";

const $ = (id) => document.getElementById(id);
let token = "";
let thread;
let session;

class Refused extends Error {
  constructor({ code, message, retryAfterMs }) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

async function call(kind, path, args = {}) {
  const response = await fetch(`/api/${kind}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ path, args, format: "json" }),
  });
  const answer = await response.json();
  if (answer.status === "success") return answer.value;
  throw new Refused(answer.errorData ?? { code: "internal", message: answer.errorMessage });
}

function told(problem) {
  const wait = problem.retryAfterMs ? ` Try again in ${Math.ceil(problem.retryAfterMs / 1000)} s.` : "";
  return `${problem.message} (${problem.code}).${wait}`;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function notice(text, problem = false) {
  $("notice").textContent = text;
  $("notice").className = problem ? "problem" : "";
}

function message(role, text) {
  const item = element("li", text, role);
  $("messages").append(item);
  item.scrollIntoView({ block: "end" });
  return item;
}

function showSources(item, sources) {
  if (sources.length === 0) return;
  const list = element("ul", undefined, "sources");
  for (const { title, link, price } of sources) {
    const entry = element("li");
    const anchor = element("a", price ? `${title} (${price})` : title);
    anchor.href = link;
    anchor.rel = "noreferrer";
    const save = element("button", "save", "small");
    save.addEventListener("click", async () => {
      try {
        await call("mutation", "favorites:add", { title: title.slice(0, 120), link, ...(price && { price }) });
        await favorites();
      } catch (error) {
        notice(told(error), true);
      }
    });
    entry.append(anchor, save);
    list.append(entry);
  }
  item.append(list);
}

/** Server-sent events of a response. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event && data) yield [event, JSON.parse(data)];
    }
  }
}

async function ask(text) {
  message("user", text);
  notice("");
  const response = await fetch("/api/chat", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ message: text, ...(thread && { thread }) }),
  });
  if (!response.ok) {
    const { code, title, detail, retryAfter } = await response.json();
    throw new Refused({ code, message: detail ?? title, retryAfterMs: retryAfter && retryAfter * 1000 });
  }
  const item = message("assistant", "");
  for await (const [event, data] of events(response)) {
    if (event === "thread") ({ thread, session } = data);
    else if (event === "text") item.append(data.text);
    else if (event === "stopped") notice("Stopped.");
    else if (event === "tool") notice(`${data.name}: ${data.state}`);
    else if (event === "done") {
      notice(data.missing.length > 0 ? `Without ${data.missing.join(", ")}` : "");
      showSources(item, data.sources);
    } else if (event === "error")
      throw new Refused({ code: data.code, message: data.title, retryAfterMs: data.retryAfterMs });
    item.scrollIntoView({ block: "end" });
  }
}

async function favorites() {
  const rows = await call("query", "favorites:list");
  $("favorites").replaceChildren(
    ...rows.map(({ id, title, link }) => {
      const item = element("li");
      const anchor = element("a", title);
      anchor.href = link;
      anchor.rel = "noreferrer";
      const remove = element("button", "remove", "small");
      remove.addEventListener("click", async () => {
        await call("mutation", "favorites:remove", { id });
        await favorites();
      });
      item.append(anchor, remove);
      return item;
    }),
  );
  if (rows.length === 0) $("favorites").append(element("li", "None yet."));
}

async function parcels() {
  const rows = await call("query", "packages:list");
  $("parcels").replaceChildren(
    ...rows.map(({ carrier, tracking, status }) => element("li", `${carrier} ${tracking}: ${status}`)),
  );
  if (rows.length === 0) $("parcels").append(element("li", "None found yet."));
}

async function mailbox() {
  const { connected, email } = await call("query", "integrations/gmail/connection:status");
  $("mailbox").textContent = connected ? `Connected: ${email}` : "No mailbox is connected.";
}

async function phone() {
  const { linked, phone: number } = await call("query", "integrations/whatsapp:linkStatus");
  $("phone").textContent = linked ? `Linked: ${number}` : "No phone is linked.";
  if (linked) $("code").textContent = "";
  $("link").hidden = linked;
  $("unlink").hidden = !linked;
}

/** A button that does something, and says beside it how that went. */
function action(id, beside, act) {
  $(id).addEventListener("click", async () => {
    $(id).disabled = true;
    try {
      await act();
    } catch (error) {
      $(beside).textContent = told(error);
    } finally {
      $(id).disabled = false;
    }
  });
}

action("gmail", "mailbox", async () => {
  const { url } = await call("action", "integrations/gmail/oauth:begin");
  window.open(url, "_blank", "noopener");
  $("mailbox").textContent = "Consent in the new window, then come back.";
});
action("sync", "mailbox", async () => {
  const { read, parcels: found } = await call("action", "integrations/gmail/sync:syncGmail", { days: 30 });
  $("mailbox").textContent = `${read} messages read, ${found} parcels found.`;
  await parcels();
});
action("link", "code", async () => {
  const { code } = await call("mutation", "integrations/whatsapp:requestLinkCode");
  $("code").textContent = `Send ${code} to the assistant's number.`;
  $("text").value = code;
  $("phone-form").hidden = false;
});
action("unlink", "code", async () => {
  await call("mutation", "integrations/whatsapp:unlink");
  $("code").textContent = "";
  await phone();
});
action("look", "looked", () => showObjectives($("objectives"), call));
$("phone-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch("/demo/phone", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: $("text").value }),
  });
  const { heard = [], message: wrong } = await response.json();
  $("heard").textContent = response.ok ? heard.join(" ") : wrong;
  $("text").value = "";
  await phone();
});

$("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const user = new FormData(event.target).get("user");
  const response = await fetch("/demo/sign-in", { method: "POST", body: JSON.stringify({ user }) });
  ({ token } = await response.json());
  $("sign-in").hidden = true;
  $("who").hidden = false;
  $("who").textContent = `Signed in as ${user}`;
  document.querySelector("main").hidden = false;
  await Promise.all([favorites(), parcels(), mailbox(), phone(), showObjectives($("objectives"), call)]);
  $("ask").elements.message.focus();
});

$("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [input, button] = [event.target.elements.message, event.target.querySelector("button")];
  const text = input.value;
  input.value = "";
  button.disabled = true;
  $("stop").hidden = false;
  try {
    await ask(text);
  } catch (error) {
    notice(error instanceof Refused ? told(error) : String(error), true);
  } finally {
    button.disabled = false;
    $("stop").hidden = true;
    input.focus();
  }
});
$("stop").addEventListener("click", () =>
  call("mutation", "streamSessions:stop", { id: session }).catch(() => undefined),
);
