import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const HEADER_BYTES = 12;
const TYPE_A = 1;

export interface NameServer {
  readonly port: number;
  close(): void;
}

/**
 * Answers every question for an IPv4 address with all of `addresses`, in their order (RFC 1035): as the engine's name server, which nginx asks, answers
 * for a service of several containers.
 */
export async function startNameServer(addresses: readonly string[]): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (question, { port, address }) => socket.send(answerTo(question, addresses), port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}

function answerTo(question: Buffer, addresses: readonly string[]): Buffer {
  const nameEnd = question.indexOf(0, HEADER_BYTES) + 1;
  const isAddress = question.readUInt16BE(nameEnd) === TYPE_A;
  const header = Buffer.from(question.subarray(0, HEADER_BYTES));
  // A response, recursion available, no error; one question, so many answers, nothing else.
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(isAddress ? addresses.length : 0, 6);
  header.writeUInt32BE(0, 8);
  const answers = addresses.map((address) => {
    // The name of the question, class IN, 1 s, four bytes.
    const fixed = [0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4];
    return Buffer.from([...fixed, ...address.split('.').map(Number)]);
  });
  return Buffer.concat([header, question.subarray(HEADER_BYTES, nameEnd + 4), ...(isAddress ? answers : [])]);
}
