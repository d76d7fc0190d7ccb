import type { RequestHandler } from 'express';

/** What a browser shows at the URL that `npm start` prints. */
export const home: RequestHandler = (_request, response) => {
  response.type('html').send(PAGE);
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Switchboard</title>
<style>
:root { color-scheme: light dark; }
body { margin: 10vh auto; max-width: 34rem; padding: 0 1.5rem; font: 1rem/1.6 system-ui, sans-serif; }
li { margin: 0.4rem 0; }
</style>
</head>
<body>
<main>
<h1>Switchboard</h1>
<p>The gateway of a support-chat backend runs here. Client apps connect with socket.io-client and a token; other
systems use HTTP.</p>
<ul>
<li><a href="/docs/">Events and routes</a>, with examples</li>
<li>For machines: <a href="/docs/asyncapi.json">AsyncAPI</a>, <a href="/docs/openapi.json">OpenAPI</a>,
<a href="/docs/schemas.json">JSON Schemas</a></li>
<li><a href="/docs/internals.html">Requests between services</a>, for their teams</li>
<li><a href="/readyz">Whether every service replies</a></li>
</ul>
<p><code>npm run token</code> prints a token; the README shows a first message.</p>
</main>
</body>
</html>
`;
