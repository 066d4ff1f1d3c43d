import { type Html, html } from "./html.js";

/** A column of a table. */
export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => Html | string;
  /** `num` for figures, `main` for what the row is about. */
  readonly kind?: "num" | "main";
}

/**
 * A table, that on a narrow screen becomes a list: each cell then says what it is of. The roles are written down, for a
 * table whose display changes isn't one any more to some screen readers.
 */
export function table<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): Html {
  return html`<table role="table" class="rows">
<caption class="hidden">${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(
    ({ head, kind }) => html`<th role="columnheader" scope="col" class="${kind}">${head}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">${rows.map(
    (row) =>
      html`<tr role="row">${columns.map(({ head, kind, cell }) =>
        kind === "main"
          ? html`<th role="rowheader" scope="row" class="main">${cell(row)}</th>`
          : html`<td role="cell" class="${kind}" data-head="${head}"><span>${cell(row)}</span></td>`,
      )}</tr>`,
  )}</tbody>
</table>`;
}
