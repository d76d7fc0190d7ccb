/**
 * `spectral.mjs <document>`: prints, as JSON, what Spectral and, in an AsyncAPI document, its parser find. Plain
 * JavaScript in a process of its own: the root has no types of packages that it does not install.
 */
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';
import { Spectral } from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';

const spectral = new Spectral();
spectral.setRuleset({
  extends: [rulesets.oas, rulesets.asyncapi],
  rules: {
    // Each installation has operators of its own, and the documents are the same for all.
    'asyncapi-info-contact-properties': 'off',
  },
});

const text = readFileSync(process.argv[2], 'utf8');
const isAsync = 'asyncapi' in JSON.parse(text);
const found = [...(await spectral.run(text)), ...(isAsync ? await new Parser().validate(text) : [])];
console.log(JSON.stringify(found.map(({ code, path, message }) => ({ code, path, message }))));
