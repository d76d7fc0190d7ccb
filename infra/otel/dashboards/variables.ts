import type { GrafanaVariable } from './grafana.ts';

/** What a reader chooses at the top: whose data, and of which processes. `operations`: where OPERATIONS.md is read. */
export const variables = (datasource: { type: string; uid: string }): GrafanaVariable[] => [
  { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', hide: 0, includeAll: false, multi: false },
  {
    name: 'instance',
    label: 'Process',
    type: 'query',
    datasource,
    query: { query: 'label_values(switchboard_nats_connected, service_instance_id)', refId: 'instance' },
    refresh: 2,
    sort: 1,
    hide: 0,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  },
  { name: 'operations', label: 'OPERATIONS.md', type: 'textbox', query: 'infra/OPERATIONS.md', hide: 2, current: { text: 'infra/OPERATIONS.md', value: 'infra/OPERATIONS.md' } },
];
