import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** What a command in a container wrote and returned. */
export interface ExecResult {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
}

/**
 * Answers an exec request the way the kubelet does over `v5.channel.k8s.io`: binary frames of a channel byte
 * (1 standard output, 2 standard error, 3 status) and data, then a close frame.
 */
export function answerExec(request: IncomingMessage, socket: Duplex, result: ExecResult): void {
  const key = String(request.headers['sec-websocket-key']);
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const offered = String(request.headers['sec-websocket-protocol'] ?? '').split(/, */);
  const protocol = offered.find(name => /^v[45]\.channel\.k8s\.io$/.test(name)) ?? 'v4.channel.k8s.io';
  socket.on('error', () => {});
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
  if (result.stdout) socket.write(frame(2, Buffer.concat([Buffer.from([1]), Buffer.from(result.stdout)])));
  if (result.stderr) socket.write(frame(2, Buffer.concat([Buffer.from([2]), Buffer.from(result.stderr)])));
  // A command takes a moment to end. Sent at once, or to a kubectl that a busy machine keeps waiting, the status can
  // overtake what kubectl has still to print.
  setTimeout(() => {
    socket.write(frame(2, Buffer.concat([Buffer.from([3]), Buffer.from(JSON.stringify(statusOf(result.code ?? 0)))])));
    socket.write(frame(8, Buffer.from([0x03, 0xe8])));
    socket.end();
  }, 200);
}

function statusOf(code: number): object {
  if (code === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

function frame(opcode: number, payload: Buffer): Buffer {
  const head = payload.length < 126 ? Buffer.from([0x80 | opcode, payload.length]) : Buffer.alloc(4);
  if (payload.length >= 126) {
    head[0] = 0x80 | opcode;
    head[1] = 126;
    head.writeUInt16BE(Math.min(payload.length, 65535), 2);
  }
  return Buffer.concat([head, payload.subarray(0, 65535)]);
}
