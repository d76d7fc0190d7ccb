import { describe, expect, it } from '@jest/globals';
import { Chat, ChatStatus } from '@switchboard/shared/contracts';
import { z } from 'zod';
import { Components } from './index.ts';

const at = (name: string) => ({ $ref: `#/components/schemas/${name}` });

describe('a component', () => {
  it('has the name under which the contracts export the schema', () => {
    const components = new Components();
    expect(components.output('ListReply', z.object({ chats: z.array(Chat) }))).toEqual(at('ListReply'));
    expect(components.output('GetReply', Chat)).toEqual(at('Chat'));
    expect(components.schemas).toMatchObject({
      Chat: { properties: { status: at('ChatStatus') } },
      ChatStatus: { enum: ChatStatus.options },
      ListReply: { properties: { chats: { type: 'array', items: at('Chat') } } },
    });
  });

  it('has the name of its place where the contracts export no schema', () => {
    const components = new Components();
    const item = z.object({ how: z.enum(['a', 'b']) });
    components.output('Reply', z.array(z.union([item, z.string()])));
    expect(Object.keys(components.schemas)).toEqual([
      'Reply',
      'ReplyItem',
      'ReplyItemOption1',
      'ReplyItemOption1How',
    ]);
  });

  it('allows null in optional fields of an input, at any depth, and not in an output', () => {
    const components = new Components();
    const input = z.object({
      chats: z.array(Chat),
      status: ChatStatus.optional(),
      at: z.string().optional(),
    });
    components.input('Input', input);
    components.output('Output', input);
    expect(components.schemas).toMatchObject({
      Input: {
        properties: {
          chats: { items: at('ChatInput') },
          status: at('ChatStatusOrNull'),
          at: { type: ['string', 'null'] },
        },
      },
      ChatStatusOrNull: { anyOf: [at('ChatStatus'), { type: 'null' }] },
      ChatInput: { properties: { adminId: { type: ['integer', 'null'] }, status: at('ChatStatus') } },
      Output: {
        properties: { chats: { items: at('Chat') }, status: at('ChatStatus'), at: { type: 'string' } },
      },
    });
  });

  it('is refused when another schema has its name', () => {
    const components = new Components();
    components.output('Reply', z.object({ id: z.string() }));
    components.output('Reply', z.object({ id: z.string() }));
    expect(() => components.output('Reply', z.object({ id: z.number() }))).toThrow(
      'two schemas have the name Reply',
    );
  });
});
