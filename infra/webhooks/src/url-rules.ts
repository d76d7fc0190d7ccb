import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup as resolve } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Failure } from '@switchboard/shared/errors';
import { addressIn, isPublic } from './domain/addresses.ts';
import type { UrlRules } from './domain/webhook-store.ts';

/** A URL, or what its host's name stands for, must not be posted to. */
export class Forbidden extends Error {
  override readonly name = 'Forbidden';
}

export interface Rules extends UrlRules {
  /** Throws Forbidden for what can be told from the URL itself: no name is looked up for an address. */
  check(url: URL): void;
  /**
   * For a connection: what it returns was checked, and is what is connected to, so that a name which means something else a moment later gains
   * nothing. One address that is not public is enough to refuse them all.
   */
  readonly lookup: LookupFunction;
}

type LookUp = (hostname: string, options: { readonly all: true; readonly family?: LookupOptions['family'] }) => Promise<LookupAddress[]>;

/** `allowPrivate`: anything goes, plain http too. `lookUp`: names to addresses. */
export function createUrlRules(allowPrivate: boolean, lookUp: LookUp = resolve): Rules {
  const check = (url: URL): void => {
    if (allowPrivate) return;
    if (url.protocol !== 'https:') throw new Forbidden('must begin with https://');
    const address = addressIn(url);
    if (address !== undefined && !isPublic(address)) throw new Forbidden('must not name an address that is not public');
  };

  const addressesOf = async (hostname: string, family: LookupOptions['family']): Promise<LookupAddress[]> => {
    const addresses = await lookUp(hostname, { all: true, family });
    if (!allowPrivate && !addresses.every(({ address }) => isPublic(address))) throw new Forbidden('must not name a host with an address that is not public');
    return addresses;
  };

  const lookup: LookupFunction = (hostname, { all, family }, done) => {
    addressesOf(hostname, family).then((addresses) => {
      const [first] = addresses;
      if (all === true || first === undefined) done(null, addresses);
      else done(null, first.address, first.family);
    }, (error: unknown) => { done(error instanceof Error ? error : new Error(String(error)), ''); });
  };

  return {
    check,
    lookup,
    requireAllowed: async (text) => {
      const url = new URL(text);
      const refuse = (problem: string) => new Failure('VALIDATION', { issues: [{ path: 'url', problem }] });
      try {
        check(url);
        if (allowPrivate || addressIn(url) !== undefined) return;
        await addressesOf(url.hostname, undefined);
      } catch (error) {
        throw refuse(error instanceof Forbidden ? error.message : 'its host was not found');
      }
    },
  };
}
