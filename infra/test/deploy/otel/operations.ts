import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const docsFolder = fileURLToPath(new URL('../../../docs/', import.meta.url));
const alertsFolder = join(docsFolder, 'operations/alerts');

const textsUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));

/** The queries in the docs. */
export const docsExpressions = (): string[] =>
  textsUnder(docsFolder)
    .flatMap((text) => [...text.matchAll(/^```promql\n([\s\S]*?)^```$/gm)])
    .map(([, query = '']) => query);

export interface AlertPage {
  /** The file's name, without `.md`. */
  readonly file: string;
  readonly title: string;
  readonly severity: string;
  readonly sections: string[];
}

/** The pages in `operations/alerts`. */
export const alertPages = (): AlertPage[] =>
  readdirSync(alertsFolder).map((name) => {
    const text = readFileSync(join(alertsFolder, name), 'utf8');
    return {
      file: basename(name, '.md'),
      title: /^# (.+)$/m.exec(text)?.[1] ?? '',
      severity: /^Severity: \*\*(\w+)\*\*$/m.exec(text)?.[1] ?? '',
      sections: [...text.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading),
    };
  });

export interface ListedAlert {
  readonly alert: string;
  readonly link: string;
  readonly severity: string;
}

/** The list of alerts in the index of operations. */
export const listedAlerts = (): ListedAlert[] =>
  [
    ...readFileSync(join(docsFolder, 'operations/README.md'), 'utf8').matchAll(
      /^\| \[(\w+)\]\((alerts\/[^)]+)\) +\| (\w+)/gm,
    ),
  ].map(([, alert = '', link = '', severity = '']) => ({ alert, link, severity }));
