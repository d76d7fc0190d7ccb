import type { ClientBase } from 'pg';
import type { DataSource } from 'typeorm';
import { ConfigError } from '../config-error.ts';
import { urlVariableOf } from './data-source.ts';
import { reasonOf } from './failures.ts';

/** insufficient_privilege */
const REFUSED = '42501';

/**
 * Continues as the role that owns the schema, if the session's role may: a superuser, or a member of it. The
 * rights that the service has by default hold only for what the owner creates.
 */
export async function becomeOwner(client: ClientBase, schema: string): Promise<void> {
  await client.query(
    `SELECT set_config('role', owner.rolname, false)
     FROM pg_namespace AS n JOIN pg_roles AS owner ON owner.oid = n.nspowner
     WHERE n.nspname = $1 AND owner.rolname <> current_user
       AND CASE WHEN current_setting('server_version_num')::integer >= 160000
           THEN pg_has_role(n.nspowner, 'SET') ELSE pg_has_role(n.nspowner, 'MEMBER') END`,
    [schema],
  );
}

/** For a migration that lacked a right: which role has it, and where to name it. Otherwise undefined. */
export async function refusal(
  dataSource: DataSource,
  schema: string,
  error: unknown,
): Promise<ConfigError | undefined> {
  if (!(error instanceof Error) || !('code' in error) || error.code !== REFUSED) return undefined;
  const [row] = await dataSource.query<{ role: string; owner: string | null }[]>(
    `SELECT session_user AS role,
       (SELECT rolname FROM pg_roles JOIN pg_namespace ON pg_roles.oid = nspowner WHERE nspname = $1) AS owner`,
    [schema],
  );
  if (row === undefined) return undefined;
  const { role, owner } = row;
  const needed =
    owner === null
      ? `Create the schema with infra/deploy/postgres/schemas.sql, and migrate as the role ${schema}_migrator`
      : `Migrate as the role ${owner}, which owns the schema`;
  return new ConfigError([
    `${urlVariableOf(schema)}: the role ${role} may not migrate the schema ${schema} (${reasonOf(error)}). ${needed}: name it in ${urlVariableOf(schema)}. ` +
      'The service itself needs no such role (infra/docs/operations/deploying.md).',
  ]);
}
