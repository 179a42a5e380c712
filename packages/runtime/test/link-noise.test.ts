import { describe, expect, test } from 'vitest';
import { Initiator, Responder } from '../dist/link/handshake.js';
import { type LinkCipher, LinkIdentity } from '../dist/link/index.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const identity = (text: string): LinkIdentity => LinkIdentity.fromSecret(hex(text));
const none = new Uint8Array(0);

/** From the test vectors that implementations of Noise share (cacophony), for the pattern IK. */
const payloads = [
  '4c756477696720766f6e204d69736573',
  '4d757272617920526f746862617264',
  '462e20412e20486179656b',
  '4361726c204d656e676572',
  '4a65616e2d426170746973746520536179',
  '457567656e2042f6686d20766f6e2042617765726b',
];
const vectors: readonly {
  readonly cipher: LinkCipher;
  readonly hash: string;
  readonly messages: readonly string[];
}[] = [
  {
    cipher: 'chacha20-poly1305',
    hash: '0b0f68fb0c27e03ce9b97565995ed4838cc0581b762ef72b062f6a546419fad7',
    messages: [
      'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944718da798efbcd91528520204f904b9bd6c7413dccdc214d951e15253e39987f18146e8cd0873654207148333479d4d16c289f0294b29960a72f48e0b7bba2e89083169825e59642148d492020664ccf7',
      '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088435361e70b2ed446e6c9ec387d1d6b3b840f194e373979d241b203c4acafccf5',
      '050e9f3c8fac16b68dbce8f8c4bfbf6617c897f9ada4aa29aa19c8',
      '344233a6cabb7141d80f3da2fedc311d9646bbb0f505afe403a667',
      '62cdeeb172ad7ade7aa7d9e069da5790f12331bfa00177787a1d0810c67dc3b2b4',
      '029bead1b40992327044d409d9a1f3ad8f36c3c452775d557e18bbeb2e8dfcead32d514024',
    ],
  },
  {
    cipher: 'aes-256-gcm',
    hash: '669c8640d9e42a3cda2f232f78597ceefb01daa6e3df81181ccce6fc6b5026bf',
    messages: [
      'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444e417bc55c7a8166c993356c1be41ef67818a292426f301556c7f26b21d25ddb097153891a9a956cff47b83e63ad8d701c1342c209cff1ca5ecd43402762ac249e3bd3a4c0a145fe07cb5dae28ea13a3',
      '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843af2ccf9972e22afc67aeafcd25162f7f98c363b7762e3e4cb7d272e39f27a5',
      '66acfc92e3197de166809e6d4d5d003dcc819a84bc3522ca53c9d9',
      '71f89aa6533a6de70b0826864dd75f60806ee40170c16290189eb3',
      '4795a3423550c8bf00386bd496a3e2c76c10669d2a75ab8f79b5094c5412a25705',
      'aa0bb39097555c918e40be82abc2b909eb79d9eb87adb07e268fc37323a6cf904fd01fb391',
    ],
  },
];

describe.each(vectors)('Noise_IK_25519 with SHA-256 and $cipher', ({ cipher, hash, messages }) => {
  const prologue = hex('4a6f686e2047616c74');
  const plain = (i: number): Uint8Array => hex(payloads[i] as string);
  const sealed = (i: number): Uint8Array => hex(messages[i] as string);

  test('gives the bytes of the published vectors', () => {
    const responder = new Responder({
      cipher,
      prologue,
      identity: identity('4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893'),
      ephemeral: identity('bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b'),
    });
    const initiator = new Initiator(
      {
        cipher,
        prologue,
        identity: identity('e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1'),
        ephemeral: identity('893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a'),
      },
      hex('31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62'),
    );
    const hello = initiator.hello(plain(0));
    expect(hello).toEqual(Buffer.from(sealed(0)));
    const answer = responder.read(hello).answer(plain(1));
    expect(answer.payload).toEqual(Buffer.from(plain(0)));
    expect(answer.message).toEqual(Buffer.from(sealed(1)));
    const keys = initiator.finish(answer.message);
    expect(keys.payload).toEqual(Buffer.from(plain(1)));
    expect(Buffer.from(initiator.hash).toString('hex')).toBe(hash);
    expect(Buffer.from(responder.hash).toString('hex')).toBe(hash);
    for (const [i, from, to] of [
      [2, keys, answer],
      [3, answer, keys],
      [4, keys, answer],
      [5, answer, keys],
    ] as const) {
      expect(from.sending.encrypt(none, plain(i))).toEqual(Buffer.from(sealed(i)));
      expect(to.receiving.decrypt(none, sealed(i))).toEqual(Buffer.from(plain(i)));
    }
  });
});

test('an identity is its secret', () => {
  const one = LinkIdentity.generate();
  const same = LinkIdentity.fromSecret(one.secret());
  expect(same.publicKey).toEqual(one.publicKey);
  expect(LinkIdentity.generate().publicKey).not.toEqual(one.publicKey);
  expect(() => LinkIdentity.fromSecret(new Uint8Array(31))).toThrow('found "31 bytes"');
});
