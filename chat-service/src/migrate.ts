import { migrateMain } from '@switchboard/shared/migrate-main';
import { databaseOptions } from './store/database.ts';

await migrateMain('CHAT_DATABASE_URL', databaseOptions);
