"""Style and script of the page: light and dark, on paper, by mouse and by keyboard, without anything from outside."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --quiet: #5a5a66; --paper: #fff; --panel: #f4f5f7; --line: #d4d6dc;
  --link: #0059a8; --bad: #b3261e; --mark: #fff3d6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e7ea; --quiet: #a8a8b3; --paper: #16171a; --panel: #212329;
  --line: #3b3e47; --link: #7cb8f2; --bad: #ff8a80; --mark: #3d3314; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 84rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
h1 { margin: 0 0 .3rem; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 2.2rem 0 .5rem; font-size: 1.15rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
p, li { max-width: 60rem; overflow-wrap: anywhere; }
p.quiet, figcaption, caption { color: var(--quiet); }
a { color: var(--link); }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
code { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .87em; }
.notices { background: var(--mark); border-left: 4px solid #d08700; padding: .5rem 1rem; margin: 1rem 0; }
.notices ul { margin: 0; padding-left: 1rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .8rem 0; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 80vh; border: 1px solid var(--line); border-radius: 4px; }
.scroll:focus-visible, button:focus-visible { outline: 2px solid var(--link); outline-offset: -2px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .45rem .6rem; }
caption span { display: inline-block; position: sticky; left: .6rem; max-width: min(60rem, 85vw); }
th, td { padding: .3rem .6rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top;
  white-space: nowrap; }
td.long { white-space: normal; min-width: 18rem; max-width: 44rem; overflow-wrap: anywhere; }
th.number, td.number { text-align: right; }
thead th { position: sticky; top: 0; z-index: 1; padding: 0; background: var(--panel); border-top: 0; }
thead button { all: unset; box-sizing: border-box; width: 100%; padding: .4rem .6rem; cursor: pointer;
  font-weight: 600; }
thead button::after { content: "\\2195"; padding-left: .35em; opacity: .35; }
th[aria-sort=ascending] button::after { content: "\\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: "\\2193"; opacity: 1; }
tbody tr:hover { background: var(--panel); }
.bad { color: var(--bad); font-weight: 600; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; min-width: 0; }
figure img { display: block; width: 100%; max-width: 30rem; height: auto; background: #fff; padding: .4rem;
  border: 1px solid var(--line); border-radius: 4px; }
figcaption { font-size: .85rem; padding-top: .3rem; max-width: 30rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) { body { padding: .7rem; } .facts { grid-template-columns: 1fr; }
  .facts dd { margin-bottom: .4rem; } td.long { min-width: 12rem; } }
@media print { :root { color-scheme: light; --ink: #000; --quiet: #333; --paper: #fff; --panel: #eee; --line: #999;
    --link: #000; --bad: #000; --mark: #fff; }
  @page { size: landscape; margin: 12mm; }
  body { max-width: none; padding: 0; font-size: 9pt; }
  nav, thead button::after { display: none; }
  .scroll { overflow: visible; max-height: none; border: 0; }
  table { font-size: 7pt; }
  th, td, thead th { padding: .1rem .25rem; white-space: normal; }
  td { overflow-wrap: break-word; }
  td.number { white-space: nowrap; }
  code { overflow-wrap: anywhere; font-size: .8em; }
  td code { overflow-wrap: break-word; }
  td.long { min-width: 0; }
  thead { display: table-header-group; break-inside: avoid; }
  thead th { position: static; }
  dd, dl { break-inside: avoid; }
  thead button { display: contents; font-weight: 600; } /* a box would keep the header from being repeated */
  tr, figure { break-inside: avoid; }
  h2 { break-after: avoid; }
  .plots { grid-template-columns: repeat(3, 1fr); } }
"""

SCRIPT = """
"use strict";
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
function keyOf(cell, numbers) {
  if (!numbers) { const text = cell.textContent.trim(); return text === "\\u2013" ? null : text; }
  return cell.dataset.sort === "" ? null : Number(cell.dataset.sort);
}
function sort(table, headers, column) {
  const header = headers[column], numbers = header.dataset.kind === "number";
  const first = "bestFirst" in header.dataset ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const direction = header.getAttribute("aria-sort") === first ? other : first;
  const sign = direction === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, row => [keyOf(row.cells[column], numbers), row]);
  rows.sort(([left], [right]) => {
    if (left === null || right === null) return (left === null) - (right === null);
    return sign * (numbers ? left - right : collator.compare(left, right));
  });
  const sorted = document.createDocumentFragment();
  for (const [, row] of rows) sorted.append(row);
  body.append(sorted);
  for (const each of headers) each.setAttribute("aria-sort", each === header ? direction : "none");
}
for (const table of document.querySelectorAll("table.sortable")) {
  const headers = Array.from(table.tHead.rows[0].cells);
  headers.forEach((header, column) =>
    header.querySelector("button").addEventListener("click", () => sort(table, headers, column)));
}
"""
