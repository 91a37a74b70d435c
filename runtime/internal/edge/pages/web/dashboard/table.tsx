import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface Column {
  name: string;
  numeric?: boolean;
}

export interface Row {
  key: string;
  cells: ComponentChildren[];
}

// Table is a table that becomes a list of cards on narrow screens. Its ARIA roles are
// explicit, because browsers drop a table's roles when CSS changes its display.
export function Table({ title, columns, rows, empty }: { title: string; columns: Column[]; rows: Row[]; empty: string }) {
  const id = useId();
  const side = (column: Column | undefined) => (column?.numeric ? "numeric" : undefined);
  return (
    <section class="card">
      <h2 id={id}>{title}</h2>
      {rows.length === 0 ? (
        <p class="hint">{empty}</p>
      ) : (
        <table role="table" aria-labelledby={id}>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((column) => (
                <th key={column.name} role="columnheader" scope="col" class={side(column)}>
                  {column.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows.map(({ key, cells }) => (
              <tr key={key} role="row">
                {cells.map((cell, i) =>
                  i === 0 ? (
                    <th key={i} role="rowheader" scope="row">
                      {cell}
                    </th>
                  ) : (
                    <td key={i} role="cell" class={side(columns[i])} data-label={columns[i]?.name}>
                      {cell}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
