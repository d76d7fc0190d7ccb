// The one-way rule. infra → {gateway, services} → shared → npm; services meet on subjects, never in imports.
// In a service: main → app → routes → handlers → domain, and app wires store and send. In shared: amqp, log,
// chat-projection, runtime → bus → telemetry, contracts → errors; postgres knows no bus.

const services = ['gateway', 'chat-service', 'message-service', 'presence-service', 'infra/webhook-service'];
const forbid = (name, from, to) => ({ name, severity: 'error', from, to });

const apart = services.map((service) =>
  forbid(
    `${service.replace('infra/', '')}-imports-no-other-part`,
    { path: `^${service}/src/` },
    { path: `^(${services.join('|')}|infra)/`, pathNot: `^${service}/` },
  ),
);

const service = '(-service|infra/webhook-service)/src/';
// The imports that each folder of infra may have. Nothing imports lab; deploy and docs import nothing.
const rooms = {
  docs: [],
  deploy: [],
  dev: [],
  test: ['dev', 'deploy', 'webhook-service/test'],
  lab: ['dev', 'test'],
  'webhook-service': ['test/helpers'],
};
const workshop = Object.entries(rooms).map(([room, others]) =>
  forbid(
    `infra-${room}-imports-${others.map((other) => other.replace('/', '-')).join('-and-') || 'no-other-room'}`,
    { path: `^infra/${room}/` },
    { path: '^infra/', pathNot: `^infra/(${[room, ...others, 'node_modules'].join('|')})/` },
  ),
);

const handlersOf = `${service}handlers/`;
const domainOf = `${service}domain/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...apart,
    ...workshop,
    forbid('shared-imports-nobody', { path: '^shared/src/' }, { path: `^(${services.join('|')}|infra)/` }),
    forbid(
      'infra-runs-services-never-imports-their-sources',
      { path: '^infra/', pathNot: '^infra/webhook-service/' },
      { path: `^(${services.join('|')})/src/` },
    ),
    forbid('production-never-imports-tests', { path: '/src/', pathNot: '/test/' }, { path: '/test/' }),

    forbid('errors-import-nothing', { path: '^shared/src/errors\\.ts$' }, { path: '^shared/src/' }),
    forbid(
      'limits-import-errors-only',
      { path: '^shared/src/limits/' },
      { path: '^shared/src/(?!limits/|errors\\.ts)' },
    ),
    forbid(
      'contracts-import-errors-only',
      { path: '^shared/src/contracts/' },
      { path: '^shared/src/(?!contracts/|errors\\.ts)' },
    ),
    forbid(
      'telemetry-imports-contracts-and-errors-only',
      { path: '^shared/src/telemetry/' },
      { path: '^shared/src/(?!telemetry/|contracts/|errors\\.ts|random\\.ts)' },
    ),
    forbid(
      'bus-imports-telemetry-and-contracts-only',
      { path: '^shared/src/bus/' },
      { path: '^shared/src/(?!bus/|telemetry/|contracts/|(addresses|errors|random|secret-file)\\.ts)' },
    ),
    forbid(
      'database-code-imports-no-bus',
      { path: '^shared/src/(postgres/|log/chat-log\\.ts)|/store/' },
      { path: '^shared/src/bus/' },
    ),
    forbid('contracts-are-data', { path: '^shared/src/contracts/' }, { path: 'node_modules/(?!zod/)' }),

    forbid('domain-imports-domain-only', { path: domainOf }, { path: `${service}(?!domain/)` }),
    forbid('domain-does-no-io', { path: domainOf }, { path: '^shared/src/(?!contracts/|errors\\.ts)' }),
    forbid('handlers-import-domain-only', { path: handlersOf }, { path: `${service}(?!domain/|handlers/)` }),
    forbid(
      'handlers-know-no-transport',
      { path: `${handlersOf}|${domainOf}|^shared/src/handlers/` },
      { path: 'node_modules/(@nats-io|socket\\.io|typeorm|pg|@opentelemetry|express)/' },
    ),
    forbid(
      'telemetry-stands-apart',
      { path: '/src/', pathNot: '^shared/src/runtime/otel/' },
      { path: 'node_modules/@opentelemetry/' },
    ),
    forbid(
      'stores-import-domain-only',
      { path: `${service}store/` },
      { path: `${service}(?!domain/|store/)` },
    ),
    forbid(
      'send-imports-domain-and-store-only',
      { path: `${service}send/` },
      { path: `${service}(?!send/|domain/|store/)` },
    ),
    forbid('only-app-uses-send', { path: `${service}(?!app\\.ts|send/)` }, { path: `${service}send/` }),
    forbid('routes-do-not-wire', { path: `${service}routes\\.ts$` }, { path: `${service}store/` }),
    forbid(
      'only-app-builds',
      { path: `${service}(?!app|main|migrate)` },
      { path: `${service}(app|main)\\.ts$` },
    ),

    forbid('no-circles', {}, { circular: true }),
    forbid('everything-resolves', {}, { couldNotResolve: true }),
  ],
  options: {
    // A test compiles it in a separate project.
    exclude: { path: '^infra/test/contracts/package/' },
    // Not followed but included, since some rules are about them.
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // Without these two, workspace imports stay unresolved and every rule passes silently.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
