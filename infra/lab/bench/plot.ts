import { isMet, type Goal } from './outcome.ts';
import { bound } from './report.ts';
import { spread } from './statistics.ts';

const WIDTH = 980;
const LEFT = 510;
const RIGHT = 120;
const ROW = 26;
const TOP = 34;
/** Clips a bar at this many times its goal. */
const MAX_SHARE = 3;

const MET = '#2a7f62';
const MISSED = '#c2571a';

/**
 * Draws a bar for each goal: the measured ratio divided by the goal. The dashed line is the goal; the whisker
 * spans the lowest and the highest round.
 */
export function plot(goals: readonly Goal[]): string {
  const height = TOP + goals.length * ROW + 10;
  const x = (share: number): number =>
    LEFT + (Math.min(share, MAX_SHARE) / MAX_SHARE) * (WIDTH - LEFT - RIGHT);
  const rows = goals.map((goal, index) => {
    const reference = goal.atLeast ?? goal.atMost ?? 1;
    const measured = spread(goal.ratios);
    const y = TOP + index * ROW;
    const color = isMet(goal) ? MET : MISSED;
    return `<text x="${at(LEFT - 10)}" y="${at(y + 13)}" text-anchor="end">${escaped(goal.name)}</text>
<rect x="${at(LEFT)}" y="${at(y + 2)}" width="${at(x(measured.median / reference) - LEFT)}" height="15" fill="${color}"/>
<line x1="${at(x(measured.min / reference))}" x2="${at(x(measured.max / reference))}" y1="${at(y + 9.5)}" y2="${at(y + 9.5)}" stroke="#222" stroke-width="1.5"/>
<text x="${at(WIDTH - RIGHT + 8)}" y="${at(y + 13)}">${measured.median.toFixed(2)} × (${escaped(bound(goal))})</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" font-family="sans-serif" font-size="12" role="img" aria-label="How far each goal is reached">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${at(x(1))}" y="16" text-anchor="middle">the goal</text>
${rows.join('\n')}
<line x1="${at(x(1))}" x2="${at(x(1))}" y1="22" y2="${at(height - 8)}" stroke="#222" stroke-dasharray="4 3"/>
</svg>
`;
}

const at = (value: number): string => value.toFixed(1);
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
