import type { DataSource } from 'typeorm';

/** The SQL by which TypeORM would still change the schema to match the entities; empty if they match. */
export async function schemaDrift(dataSource: DataSource): Promise<string[]> {
  await dataSource.initialize();
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    await dataSource.destroy();
  }
}
