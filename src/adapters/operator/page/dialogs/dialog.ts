import { type Child, el, put } from "../dom.js";

let made = 0;

/**
 * A dialog with a form: titled, closed by Escape, with focus where it was before once it is closed. What is submitted goes
 * to `submit`; what that throws is shown and read out, and the dialog stays.
 */
export function formDialog(title: string, submit: () => Promise<void>, confirm: HTMLButtonElement) {
  const id = `dialog-${++made}`;
  const heading = el("h2", { id: `${id}-title` }, title);
  const fields = el("div", { class: "fields" });
  const failure = el("p", { class: "failure", role: "alert" });
  const cancel = el("button", { type: "button", class: "quiet", click: () => node.close() }, "Cancel");
  const form = el(
    "form",
    {
      submit: (event: SubmitEvent) => {
        event.preventDefault();
        void send();
      },
    },
    heading,
    fields,
    failure,
    el("footer", {}, cancel, confirm),
  );
  const node = el("dialog", { "aria-labelledby": `${id}-title` }, form);
  document.body.append(node);

  async function send(): Promise<void> {
    put(failure, "");
    confirm.disabled = true;
    try {
      await submit();
      node.close();
    } catch (error) {
      put(failure, error instanceof Error ? error.message : String(error));
    } finally {
      confirm.disabled = false;
    }
  }

  return {
    node,
    heading,
    open: (...children: readonly Child[]) => {
      put(failure, "");
      fields.replaceChildren(...children.filter((child) => child !== undefined));
      node.showModal();
    },
  };
}

/** A labelled control. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  return el(
    "label",
    { class: "field" },
    el("span", { class: "label" }, label),
    control,
    hint === undefined || hint === "" ? undefined : el("small", {}, hint),
  );
}

/** Where a reason is written. */
export function reasonField(): HTMLTextAreaElement {
  return el("textarea", { name: "reason", required: true, maxlength: "500", rows: "2", autocomplete: "off" });
}
