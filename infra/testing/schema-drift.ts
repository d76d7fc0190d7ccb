import type { DataSource } from 'typeorm';

/** What TypeORM would still change to make the schema what the entities say; nothing, where migrations keep up. */
export async function schemaDrift(dataSource: DataSource): Promise<string[]> {
  await dataSource.initialize();
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    await dataSource.destroy();
  }
}
