import { capacityTable, unitCosts } from './capacity-report.ts';
import { isMet, type Figure, type Goal } from './outcome.ts';
import type { Result } from './result.ts';
import { spread, type Spread } from './statistics.ts';

/** Renders the results as a Markdown page. */
export const report = (results: readonly Result[]): string => `# Bench report

\`npm run bench\` writes this page. One run measures all contenders side by side, with clients, servers, NATS and Postgres on one machine: read the
ratios, not the figures. **switchboard** is the system as \`npm start\` runs it, with its limits on but out of reach. **bare** is one Socket.IO process that
inserts each message with one prepared statement into the same Postgres and emits it to the room. **echo** is the same without the database. Neither
authenticates, authorises, validates, orders across processes or offers catch-up. CPU is that of all server processes, Postgres and NATS included, as Linux
counts it. Each figure is the median of its rounds, followed by the lowest and the highest.

![How far each goal is reached](goals.svg)

${goalsTable(results)}

${results.map(section).join('\n\n')}
${capacity(results)}`;

function capacity(results: readonly Result[]): string {
  const costs = unitCosts(results);
  return costs === undefined
    ? ''
    : `
## capacity

[\`capacity.ts\`](../capacity.ts) calculates this table from the costs above. Its assumptions are in [Capacity](../../../docs/operations/capacity.md).

${capacityTable(costs)}
`;
}

function goalsTable(results: readonly Result[]): string {
  const rows = results.flatMap(({ scenario, goals }) =>
    goals.map(
      (goal) =>
        `| ${scenario} | ${goal.name} | ${bound(goal)} | ${times(spread(goal.ratios))} | ${isMet(goal) ? 'reached' : '**not reached**'} |`,
    ),
  );
  return `| scenario | ratio | goal | measured | |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}`;
}

const section = ({ scenario, about, figures, setting }: Result): string => {
  const contenders = [...new Set(figures.flatMap(({ of }) => Object.keys(of)))];
  return `## ${scenario}

${about} ${setting.on}, commit ${setting.commit}; ${setting.machine}.

| | ${contenders.join(' | ')} |
| --- |${' --- |'.repeat(contenders.length)}
${figures.map((figure) => row(figure, contenders)).join('\n')}`;
};

const row = ({ name, unit, of }: Figure, contenders: readonly string[]): string => {
  const cells = contenders.map((contender) => {
    const values = of[contender];
    return values === undefined ? '' : measured(spread(values), unit);
  });
  return `| ${name} | ${cells.join(' | ')} |`;
};

function measured({ median, min, max }: Spread, unit: string): string {
  const range = min === max ? '' : ` (${plain(min)}–${plain(max)})`;
  return `${plain(median)}${unit.startsWith('/') ? unit : ` ${unit}`}${range}`;
}

const plain = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

const times = ({ median, min, max }: Spread): string =>
  `${median.toFixed(2)} ×${min === max ? '' : ` (${min.toFixed(2)}–${max.toFixed(2)})`}`;

export const bound = ({ atLeast, atMost }: Goal): string =>
  atLeast === undefined ? `≤ ${String(atMost)} ×` : `≥ ${String(atLeast)} ×`;
