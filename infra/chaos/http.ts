import { Chat } from '@switchboard/shared/contracts';

const WITHIN_MS = 5_000;

const headers = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });

/** Returns the id of a new chat of the token's client. */
export async function openChat(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/chats`, { method: 'POST', headers: headers(token), signal: AbortSignal.timeout(WITHIN_MS) });
  return Chat.parse(await response.json()).id;
}

/** Returns the status code of the answer. */
export async function patchChat(url: string, token: string, chatId: string, change: Readonly<Record<string, unknown>>): Promise<number> {
  const response = await fetch(`${url}/api/v1/chats/${chatId}`, { method: 'PATCH', headers: headers(token), body: JSON.stringify(change), signal: AbortSignal.timeout(WITHIN_MS) });
  await response.body?.cancel();
  return response.status;
}
