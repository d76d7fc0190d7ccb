/** The style of both pages. Colours c0 to c7 mark services. */
export const style = `
:root { color-scheme: light dark; --bg: #f6f7f9; --panel: #fff; --text: #1c2430; --muted: #667085; --line: #e4e7ec; --hover: #f2f5fa; --accent: #2f5fd0; --bad: #d92d20; --bad-bg: #fdeceb; --note: #8a5a00; --note-bg: #fdf3dc;
  --c0: #8b4fd8; --c1: #0e9384; --c2: #c11574; --c3: #5b8a1a; --c4: #2f6fde; --c5: #0b87b8; --c6: #d9730d; --c7: #a15c2f; }
@media (prefers-color-scheme: dark) { :root { --bg: #0f1319; --panel: #171c24; --text: #e4e8ee; --muted: #929cab; --line: #28303b; --hover: #1e2530; --accent: #8ab0ff; --bad: #ff6f61; --bad-bg: #3a1d1c; --note: #f0c063; --note-bg: #35290f;
  --c0: #b98cff; --c1: #35c7b3; --c2: #f36fb4; --c3: #9ccc4f; --c4: #6ea0ff; --c5: #4cc0ec; --c6: #ff9d4a; --c7: #d59a6c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif; font-variant-numeric: tabular-nums; }
a { color: inherit; text-decoration: none; } a:hover { color: var(--accent); text-decoration: underline; }
code, dd, .id { font: 12px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
header { display: flex; align-items: center; gap: 12px 28px; flex-wrap: wrap; padding: 12px 24px; background: var(--panel); border-bottom: 1px solid var(--line); }
.brand { font-weight: 650; font-size: 15px; } .brand span { color: var(--muted); font-weight: 400; }
main { max-width: 1440px; margin: 0 auto; padding: 20px 24px 48px; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
form { display: flex; align-items: center; gap: 10px; flex: 1; flex-wrap: wrap; }
input, button { font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--line); border-radius: 7px; padding: 5px 10px; }
input[type=search] { flex: 1; min-width: 220px; max-width: 560px; } input[type=number] { width: 90px; }
input:focus-visible, button:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: -1px; }
label { display: flex; gap: 6px; align-items: center; color: var(--muted); }
button { background: var(--accent); border-color: var(--accent); color: var(--panel); font-weight: 600; cursor: pointer; }
.bar { display: flex; justify-content: space-between; gap: 16px; margin: 0 2px 10px; color: var(--muted); }
.live::before { content: ""; display: inline-block; width: 8px; height: 8px; margin-right: 7px; border-radius: 50%; background: var(--c1); } .live.off::before { background: var(--muted); }
.muted { color: var(--muted); } .bad { color: var(--bad); }
.tag { display: inline-block; padding: 0 7px; border-radius: 99px; font-size: 11.5px; font-weight: 500; line-height: 18px; white-space: nowrap; background: var(--note-bg); color: var(--note); }
.tag.bad { background: var(--bad-bg); color: var(--bad); max-width: 340px; overflow: hidden; text-overflow: ellipsis; vertical-align: middle; }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); } .c7 { color: var(--c7); }
.service { display: inline-flex; align-items: center; gap: 6px; margin-right: 14px; white-space: nowrap; } .service i { width: 9px; height: 9px; border-radius: 3px; background: currentColor; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 500; font-size: 12px; color: var(--muted); } th, td { padding: 8px 14px; border-bottom: 1px solid var(--line); vertical-align: baseline; } tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: var(--hover); } td.n, th.n { text-align: right; white-space: nowrap; } td.name { font-weight: 600; } td .tag { margin-left: 8px; }
.empty { padding: 56px 24px; text-align: center; color: var(--muted); }
h1, h2 { margin: 0 0 4px; font-size: 20px; font-weight: 650; } h2 { font-size: 15px; }
.facts { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; margin: 0 0 14px; color: var(--muted); } .linked { margin-top: 32px; } .linked .facts { margin-bottom: 10px; }
.grid { display: grid; grid-template-columns: minmax(240px, 34%) 1fr 92px 84px; align-items: center; }
.axis { color: var(--muted); font-size: 12px; border-bottom: 1px solid var(--line); } .axis > * { padding: 7px 10px; } .axis .n, .row .n { text-align: right; padding-right: 14px; white-space: nowrap; }
.ticks { display: grid; grid-template-columns: repeat(4, 1fr); padding: 7px 0 !important; } .ticks span { padding-left: 5px; }
details.row { border-bottom: 1px solid var(--line); } details.row:last-child { border-bottom: 0; }
details.row > summary { cursor: pointer; list-style: none; height: 44px; } details.row > summary::-webkit-details-marker { display: none; }
details.row > summary:hover, details[open].row > summary { background: var(--hover); }
details:target > summary { box-shadow: inset 3px 0 var(--accent); }
.what { display: flex; align-self: stretch; min-width: 0; padding-left: 12px; } .what > i { flex: none; width: 14px; margin-left: 4px; border-left: 1px solid var(--line); }
.what > div { min-width: 0; align-self: center; padding: 0 8px 0 2px; line-height: 1.35; } .what b, .what small { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .what b { font-weight: 600; } .what small { color: var(--muted); font-size: 12px; }
.what small i { display: inline-block; width: 8px; height: 8px; margin-right: 6px; border-radius: 3px; background: currentColor; }
svg { display: block; width: 100%; height: 44px; overflow: visible; } svg line { stroke: var(--line); } svg rect { fill: currentColor; stroke: currentColor; }
.row .n { font-size: 13px; } .inside { padding: 6px 24px 14px 32px; background: var(--bg); border-top: 1px solid var(--line); }
dl { display: grid; align-items: baseline; grid-template-columns: max-content 1fr; gap: 3px 20px; margin: 8px 0 0; } dt { color: var(--muted); font-size: 13px; } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
@media (max-width: 800px) { .grid { grid-template-columns: 1fr 84px; } .lane, .ticks, .offset { display: none; } }
`;
