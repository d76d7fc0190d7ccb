/**
 * Reads the output of `npm audit --json`. Returns one sentence per high or critical advisory, or the reason
 * why there is no report: for example, the registry offers no audit or is unreachable.
 */
export function readReport(text) {
  const report = parse(text);
  if (report?.auditReportVersion !== 2 || !report.vulnerabilities)
    return { serious: [], leftOut: reasonOf(report) };
  return { serious: Object.values(report.vulnerabilities).filter(isSerious).map(sentence) };
}

const isSerious = ({ severity }) => severity === 'high' || severity === 'critical';

function sentence({ name, severity, via, nodes }) {
  // Either an advisory, or the name of a dependency that has one.
  const causes = via.map((cause) =>
    typeof cause === 'string' ? `through ${cause}` : `${cause.title} (${cause.url})`,
  );
  return `${name}, ${severity}, in ${nodes.join(' and ')}: ${causes.join('; ')}`;
}

function reasonOf(report) {
  if (typeof report?.statusCode === 'number') return `the registry answers it with ${report.statusCode}`;
  const message = report?.message || report?.error?.summary || 'npm printed no report';
  return message.replace(/https?:\/\/\S+/g, 'the registry');
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
