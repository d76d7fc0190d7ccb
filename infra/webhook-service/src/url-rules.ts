import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup as resolve } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Failure } from '@switchboard/shared/errors';
import { addressIn, isPublic } from './domain/addresses.ts';
import type { UrlRules } from './domain/webhook-store.ts';

/** The URL, or an address of its host, is not allowed. */
export class Forbidden extends Error {
  override readonly name = 'Forbidden';
}

export interface Rules extends UrlRules {
  /** Throws Forbidden for a URL that breaks a rule by itself. Looks up no name. */
  check(url: URL): void;
  /**
   * The lookup of a connection. The connection uses the addresses that were checked, so that a later change
   * of the name (DNS rebinding) has no effect. One address that is not public refuses them all.
   */
  readonly lookup: LookupFunction;
}

type LookUp = (
  hostname: string,
  options: { readonly all: true; readonly family?: LookupOptions['family'] },
) => Promise<LookupAddress[]>;

/** `allowPrivate`: allows any URL, also plain http. `lookUp`: resolves names to addresses. */
export function createUrlRules(allowPrivate: boolean, lookUp: LookUp = resolve): Rules {
  const check = (url: URL): void => {
    if (allowPrivate) return;
    if (url.protocol !== 'https:') throw new Forbidden('must begin with https://');
    const address = addressIn(url);
    if (address !== undefined && !isPublic(address))
      throw new Forbidden('must not name an address that is not public');
  };

  const addressesOf = async (hostname: string, family: LookupOptions['family']): Promise<LookupAddress[]> => {
    const addresses = await lookUp(hostname, { all: true, family });
    if (!allowPrivate && !addresses.every(({ address }) => isPublic(address)))
      throw new Forbidden('must not name a host with an address that is not public');
    return addresses;
  };

  const lookup: LookupFunction = (hostname, { all, family }, done) => {
    addressesOf(hostname, family).then(
      (addresses) => {
        const [first] = addresses;
        if (all === true || first === undefined) done(null, addresses);
        else done(null, first.address, first.family);
      },
      (error: unknown) => {
        done(error instanceof Error ? error : new Error(String(error)), '');
      },
    );
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
