// The one-way rule. infra → {gateway, services} → shared → npm; services meet on subjects, never in imports.
// In a service: main → app → routes → handlers → domain, and app wires store. In shared: amqp, log, runtime, postgres → bus → contracts → errors.

const services = ['gateway', 'chat-service', 'message-service', 'presence-service', 'infra/webhooks'];
const forbid = (name, from, to) => ({ name, severity: 'error', from, to });

const apart = services.map((service) =>
  forbid(`${service.replace('infra/', '')}-imports-no-other-part`, { path: `^${service}/src/` }, { path: `^(${services.join('|')}|infra)/`, pathNot: `^${service}/` }));

const service = '(-service|infra/webhooks)/src/';
const handlersOf = `${service}handlers/`;
const domainOf = `${service}domain/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...apart,
    forbid('shared-imports-nobody', { path: '^shared/src/' }, { path: `^(${services.join('|')}|infra)/` }),
    forbid('infra-runs-services-never-imports-their-sources', { path: '^infra/', pathNot: '^infra/webhooks/' }, { path: `^(${services.join('|')})/src/` }),
    forbid('production-never-imports-tests', { path: '/src/' }, { path: '/test/|^infra/testing/' }),

    forbid('errors-import-nothing', { path: '^shared/src/errors\\.ts$' }, { path: '^shared/src/' }),
    forbid('limits-import-errors-only', { path: '^shared/src/limits/' }, { path: '^shared/src/(?!limits/|errors\\.ts)' }),
    forbid('contracts-import-errors-only', { path: '^shared/src/contracts/' }, { path: '^shared/src/(?!contracts/|errors\\.ts)' }),
    forbid('bus-imports-contracts-and-errors-only', { path: '^shared/src/bus/' }, { path: '^shared/src/(?!bus/|contracts/|errors\\.ts|failpoints\\.ts|random\\.ts)' }),
    forbid('contracts-are-data', { path: '^shared/src/contracts/' }, { path: 'node_modules/(?!zod/)' }),

    forbid('domain-imports-domain-only', { path: domainOf }, { path: `${service}(?!domain/)` }),
    forbid('domain-does-no-io', { path: domainOf }, { path: '^shared/src/(?!contracts/|errors\\.ts)' }),
    forbid('handlers-import-domain-only', { path: handlersOf }, { path: `${service}(?!domain/|handlers/)` }),
    forbid('handlers-know-no-transport', { path: `${handlersOf}|${domainOf}` }, { path: 'node_modules/(@nats-io|socket\\.io|typeorm|pg|@opentelemetry|express)/' }),
    forbid('telemetry-stands-apart', { path: '/src/', pathNot: '^shared/src/runtime/telemetry/' }, { path: 'node_modules/@opentelemetry/' }),
    forbid('stores-import-domain-only', { path: `${service}store/` }, { path: `${service}(?!domain/|store/)` }),
    forbid('routes-do-not-wire', { path: `${service}routes\\.ts$` }, { path: `${service}store/` }),
    forbid('only-app-builds', { path: `${service}(?!app|main|migrate)` }, { path: `${service}(app|main)\\.ts$` }),

    forbid('no-circles', {}, { circular: true }),
    forbid('everything-resolves', {}, { couldNotResolve: true }),
  ],
  options: {
    // Compiled in a project of its own, by a test.
    exclude: { path: '^infra/contracts/package/' },
    // Not followed, but not left out either: some rules are about them.
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    // Without these two, workspace imports stay unresolved and every rule passes silently.
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
