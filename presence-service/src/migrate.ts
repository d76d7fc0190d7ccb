import { migrateMain } from '@switchboard/shared/migrate-main';
import { databaseOptions } from './store/database.ts';

await migrateMain('PRESENCE_DATABASE_URL', databaseOptions);
