import { mkdtempSync, writeFileSync } from 'node:fs';
import { inspect } from '../chaos/inspector.ts';
import { freePort } from '../testing/index.ts';
import { startBaseline } from './contenders/baseline.ts';
import { Switchboard } from './contenders/switchboard.ts';
import { Load } from './load/load.ts';
const port = await freePort();
const N = 2000;
const per: Record<string, Record<string, number>> = {};
for (const [name, start] of Object.entries({ sb: async () => { const f = mkdtempSync('/tmp/x') + '/o.json'; writeFileSync(f, JSON.stringify({ gateway: { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` } })); return Switchboard.start({ env: { SWITCHBOARD_OVERRIDES: f } }); }, echo: () => startBaseline(undefined, [`--inspect=127.0.0.1:${port}`]) })) {
  const c = await start();
  try {
    const load = new Load();
    await load.join((await c.openChats(100, 2)).flat());
    const before = await inspect(port);
    await load.join((await c.openChats(N / 2, 2)).flat());
    await new Promise((r) => setTimeout(r, 3000));
    const after = await inspect(port);
    per[name] = { heap: (after.heapBytes - before.heapBytes) / N };
    for (const [k, v] of Object.entries(after.instances)) { const d = (v - (before.instances[k] ?? 0)) / N; if (d > 0.2) per[name]![k] = d; }
    await load.leave(); await load.close();
  } finally { await c.stop(); }
}
const keys = [...new Set(Object.values(per).flatMap(Object.keys))].sort((a, b) => ((per['sb']![b] ?? 0) - (per['echo']![b] ?? 0)) - ((per['sb']![a] ?? 0) - (per['echo']![a] ?? 0)));
for (const k of keys) console.log(k.padEnd(28), (per['sb']![k] ?? 0).toFixed(2).padStart(9), (per['echo']![k] ?? 0).toFixed(2).padStart(9));
