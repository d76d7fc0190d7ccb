import { Chat } from '@switchboard/shared/contracts';

const WITHIN_MS = 5_000;

const headers = (token: string): Record<string, string> => ({
  authorization: `Bearer ${token}`,
  'content-type': 'application/json',
});

/** Opens a chat for the token's client and returns its id. */
export async function openChat(url: string, token: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/chats`, {
    method: 'POST',
    headers: headers(token),
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  return Chat.parse(await response.json()).id;
}

export async function getChat(url: string, token: string, chatId: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/chats/${chatId}`, {
    headers: headers(token),
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  Chat.parse(await response.json());
}

/** Changes a chat and returns the HTTP status code. */
export async function patchChat(
  url: string,
  token: string,
  chatId: string,
  change: Readonly<Record<string, unknown>>,
): Promise<number> {
  const response = await fetch(`${url}/api/v1/chats/${chatId}`, {
    method: 'PATCH',
    headers: headers(token),
    body: JSON.stringify(change),
    signal: AbortSignal.timeout(WITHIN_MS),
  });
  await response.body?.cancel();
  return response.status;
}
