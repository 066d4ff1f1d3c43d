/** What an element may be given: attributes as text or true, listeners as functions. */
export type Props = Readonly<Record<string, string | boolean | undefined | ((event: never) => void)>>;

/** What may lie in an element. */
export type Child = Node | string | undefined;

/** Makes an element. Text is text, whatever it contains: nothing here reads HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  dress(node, props);
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** Makes an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Node[]
): SVGElementTagNameMap[K] {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(node, props);
  node.append(...children);
  return node;
}

function dress(node: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(name, value as EventListener);
    else if (value === true) node.setAttribute(name, "");
    else if (typeof value === "string") node.setAttribute(name, value);
  }
}

/** Writes text, where it isn't there already: what doesn't change is not read out, selected or laid out anew. */
export function put(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute where it is another. */
export function mark(node: Element, name: string, value: string | undefined): void {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** What shows one thing, and can show how it is now. */
export interface View<T> {
  readonly node: Element;
  update(item: T): void;
}

/** Shows a list: each thing keeps its element for as long as it is there, and with it focus, selection and scroll. */
export function list<T>(
  parent: Element,
  make: (key: string) => View<T>,
): (items: Iterable<readonly [string, T]>) => void {
  const views = new Map<string, View<T>>();
  return (items) => {
    const left = new Set(views.keys());
    let next = parent.firstElementChild;
    for (const [key, item] of items) {
      let view = views.get(key);
      if (view === undefined) {
        view = make(key);
        views.set(key, view);
      }
      left.delete(key);
      view.update(item);
      if (view.node === next) next = next.nextElementSibling;
      else parent.insertBefore(view.node, next);
    }
    for (const key of left) {
      views.get(key)?.node.remove();
      views.delete(key);
    }
  };
}
