import { migrateMain } from '@switchboard/shared/migrate-main';
import { databaseOptions } from './store/database.ts';

await migrateMain('WEBHOOK_DATABASE_URL', databaseOptions);
