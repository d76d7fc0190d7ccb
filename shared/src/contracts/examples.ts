// What the examples of contracts are made of: one chat of a client with an admin, and what they say.

export const CHAT_ID = '0198c0de-0000-7000-8000-000000000001';
export const MESSAGE_ID = '0198c0de-0001-7000-8000-000000000002';
export const FILE_ID = '0198c0de-0002-7000-8000-000000000003';
export const GATEWAY_ID = '0198c0de-0003-4000-8000-000000000004';
export const LEASE_ID = '0198c0de-0004-4000-8000-000000000005';
export const WEBHOOK_ID = '0198c0de-0005-7000-8000-000000000006';
export const CLIENT = { id: 42, email: 'client@example.com', role: 'client' } as const;
export const ADMIN = { id: 7, email: 'agent@example.com', role: 'admin' } as const;
export const AT = '2026-03-14T15:09:26.535Z';
export const LATER = '2026-03-14T15:12:00.000Z';
export const CURSOR = '.YmVmb3JlOjUxOTI';
