/** `npm run bench -- telemetry`: figures as ratios of one run, since a machine is only as fast as its neighbours let it be. */
const benches: Record<string, () => Promise<unknown>> = {
  telemetry: () => import('./telemetry.ts'),
};

const [name = ''] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  console.error(`npm run bench -- <name>. There are: ${Object.keys(benches).join(', ')}.`);
  process.exitCode = 2;
} else {
  await bench();
}
