import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  chatContracts,
  chatHeads,
  messageContracts,
  messageHeads,
  presenceContracts,
  requestContracts,
  roomEvents,
  webhookContracts,
} from '@switchboard/shared/contracts';
import {
  addressedSubject,
  announcementSubject,
  inboxSubject,
  inboxToken,
  ownerOfRoomSubject,
  probeSubject,
  queueOf,
  roomSubject,
  roomWildcard,
} from '../src/bus/subjects.ts';

const CHAT = '0193a1b2-0000-7000-8000-000000000001';
const subjectsOf = (contracts: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(contracts).map(([name, contract]: [string, { subject: string }]) => [
      name,
      contract.subject,
    ]),
  );

describe('subjects', () => {
  // Deployed versions use these subjects. A change is a new version beside the old one.
  it('of requests stay as released', () => {
    expect(subjectsOf(chatContracts)).toEqual({
      openChat: 'chat.v1.open',
      listChats: 'chat.v1.list',
      getChat: 'chat.v1.get',
      updateChat: 'chat.v1.update',
      lookUpChat: 'internal.chat.v1.lookUp',
      readChanges: 'internal.chat.v1.readChanges',
      identifyUser: 'chat.v1.identifyUser',
      addUser: 'chat.v1.addUser',
      readLog: 'chat.v1.readLog',
      readLogNow: 'internal.chat.v1.readLog',
      readHeads: 'chat.v1.readHeads',
      ping: 'chat.v1.ping',
    });
    expect(subjectsOf(messageContracts)).toEqual({
      sendMessage: 'message.v1.send',
      joinChat: 'message.v1.join',
      listMessages: 'message.v1.list',
      readTimeline: 'message.v1.timeline',
      readMessages: 'message.v1.read',
      readUpTo: 'message.v1.readUpTo',
      editMessage: 'message.v1.edit',
      deleteMessage: 'message.v1.delete',
      react: 'message.v1.react',
      uploadFile: 'message.v1.uploadFile',
      downloadFile: 'message.v1.downloadFile',
      downloadSignedFile: 'message.v1.downloadSignedFile',
      applyChat: 'internal.message.v1.takeChat',
      readLog: 'message.v1.readLog',
      readHeads: 'message.v1.readHeads',
      ping: 'message.v1.ping',
    });
    expect(subjectsOf(presenceContracts)).toEqual({
      enterChat: 'presence.v1.enter',
      leaveChat: 'presence.v1.leave',
      setTyping: 'presence.v1.typing',
      listActiveUsers: 'presence.v1.listActive',
      renewLease: 'presence.v1.renewLease',
      revoke: 'presence.v1.revoke',
      readRevocations: 'presence.v1.readRevocations',
      ping: 'presence.v1.ping',
    });
    expect(subjectsOf(webhookContracts)).toEqual({
      registerWebhook: 'webhook.v1.register',
      listWebhooks: 'webhook.v1.list',
      removeWebhook: 'webhook.v1.remove',
      listDeliveries: 'webhook.v1.listDeliveries',
      replayDeliveries: 'webhook.v1.replay',
      ping: 'webhook.v1.ping',
    });
  });

  it('of signals and room events stay as released', () => {
    expect([chatHeads.subject, messageHeads.subject]).toEqual(['log.chat.heads', 'log.message.heads']);
    expect(
      Object.fromEntries(roomEvents.map((contract) => [contract.event, roomSubject(CHAT, contract.owner)])),
    ).toEqual({
      chatOpened: `room.${CHAT}.chat`,
      chatAssigned: `room.${CHAT}.chat`,
      chatStatusChanged: `room.${CHAT}.chat`,
      newMessage: `room.${CHAT}.message`,
      messagesRead: `room.${CHAT}.message`,
      chatRead: `room.${CHAT}.message`,
      messageEdited: `room.${CHAT}.message`,
      messageDeleted: `room.${CHAT}.message`,
      messageReacted: `room.${CHAT}.message`,
      participantUpdate: `room.${CHAT}.presence`,
      userTyping: `room.${CHAT}.presence`,
    });
    expect(roomWildcard(CHAT)).toBe(`room.${CHAT}.*`);
  });

  it('of requests are unique', () => {
    const subjects = requestContracts.map((contract) => contract.subject);
    expect(new Set(subjects).size).toBe(subjects.length);
  });

  it('belong to the queue group of their owner', () => {
    expect(queueOf('chat.v1.open')).toBe('chat-service');
    expect(queueOf('internal.message.v1.takeChat')).toBe('message-service');
    expect(queueOf('presence.v1.enter')).toBe('presence-service');
    expect(queueOf('webhook.v1.register')).toBe('webhook-service');
  });

  it('of replies begin with the user of the caller', () => {
    expect(inboxSubject('gateway', 'p', 7)).toBe('_INBOX.gateway.p.7');
    expect(inboxSubject('chat-service', 'p', '*')).toBe('_INBOX.chat-service.p.*');
    expect(inboxToken('_INBOX.gateway.p.7')).toBe('7');
  });

  it('of one replica end with its name', () => {
    expect(addressedSubject('message.v1.send', '4b1d')).toBe('message.v1.send.4b1d');
    expect(announcementSubject('message')).toBe('replicas.message');
    expect(probeSubject('message', '4b1d')).toBe('replicas.message.4b1d');
  });

  it('contain the owner of a room event', () => {
    expect(
      ['chat', 'message', 'presence', 'webhook', '*'].map((owner) =>
        ownerOfRoomSubject(`room.${CHAT}.${owner}`),
      ),
    ).toEqual(['chat', 'message', 'presence', undefined, undefined]);
  });

  const bent = [
    `${CHAT}\n`,
    ` ${CHAT}`,
    `${CHAT}.x`,
    '*',
    '>',
    '',
    `{${CHAT}}`,
    CHAT.replaceAll('-', ''),
    CHAT.replace('0', '０'),
  ];
  it.each(bent)('reject %j as a chat id', (id) => {
    expect(() => roomSubject(id, 'chat')).toThrow();
    expect(() => roomWildcard(id)).toThrow();
  });

  it('accept only a UUID as a chat id', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/[-0-9a-f.*>]{36}/)),
        (id) => {
          fc.pre(!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id));
          expect(() => roomSubject(id, 'chat')).toThrow();
        },
      ),
    );
  });
});
