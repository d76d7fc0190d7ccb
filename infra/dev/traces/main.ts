import { z } from 'zod';
import { startTracePage } from './server.ts';

// `npm start -- --traces` runs this program.

const { TRACE_PAGE_PORT: port } = z
  .object({ TRACE_PAGE_PORT: z.coerce.number().int().min(1).max(65_535) })
  .parse(process.env);
const page = await startTracePage({ port });
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    void page.stop();
  });
