import { migrateMain } from '@switchboard/shared/migrate-main';
import { databaseOptions } from './store/database.ts';

await migrateMain('MESSAGE_DATABASE_URL', databaseOptions);
