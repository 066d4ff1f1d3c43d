import { ask, asksForToken, useToken } from "../api.js";
import { el } from "../dom.js";
import { field, formDialog } from "./dialog.js";

/**
 * Asks for a token until one is let in. Where operators are known by other means it can only say that they aren't.
 */
export function signIn(): Promise<void> {
  if (!asksForToken) {
    document
      .getElementById("app")
      ?.replaceChildren(
        el(
          "main",
          { class: "alone" },
          el("h1", {}, "Signed out"),
          el("p", {}, "The service does not know you (any more). Sign in where you do, and load the page again."),
          el("button", { type: "button", click: () => location.reload() }, "Load again"),
        ),
      );
    return new Promise(() => undefined);
  }
  useToken("");
  return new Promise((resolve) => {
    const token = el("input", {
      type: "password",
      name: "token",
      required: true,
      autocomplete: "current-password",
      autofocus: true,
    });
    const dialog = formDialog(
      "Operator",
      async () => {
        useToken(token.value.trim());
        try {
          await ask("levers");
        } catch (error) {
          useToken("");
          throw error;
        }
        dialog.node.remove();
        resolve();
      },
      el("button", { type: "submit" }, "Sign in"),
    );
    dialog.node.classList.add("login");
    dialog.node.addEventListener("cancel", (event) => event.preventDefault());
    dialog.open(field("Token", token, "Kept for this tab alone, and sent to this service alone."));
  });
}
