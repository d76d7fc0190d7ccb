/**
 * What `npm audit --json` printed: what is high or critical in it, a sentence each, or else why it is no report. Only a report
 * finds anything: a registry that does not offer the audit, or cannot be reached, is a reason.
 */
export function readReport(text) {
  const answer = parse(text);
  if (answer?.auditReportVersion !== 2 || !answer.vulnerabilities) return { serious: [], leftOut: reasonOf(answer) };
  return { serious: Object.values(answer.vulnerabilities).filter(isSerious).map(sentence) };
}

const isSerious = ({ severity }) => severity === 'high' || severity === 'critical';

function sentence({ name, severity, via, nodes }) {
  // Either an advisory, or the name of a dependency that has one.
  const causes = via.map((cause) => (typeof cause === 'string' ? `through ${cause}` : `${cause.title} (${cause.url})`));
  return `${name}, ${severity}, in ${nodes.join(' and ')}: ${causes.join('; ')}`;
}

function reasonOf(answer) {
  if (typeof answer?.statusCode === 'number') return `the registry answers it with ${answer.statusCode}`;
  const message = answer?.message || answer?.error?.summary || 'npm printed no report';
  return message.replace(/https?:\/\/\S+/g, 'the registry');
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
