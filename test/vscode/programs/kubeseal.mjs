// Stands in for kubeseal, which no package registry of the tests has, and is as strict as its documentation: which arguments
// there are, that it reads one Secret with a name, a namespace and data, and how it writes what it has sealed. Values are sealed
// as kubeseal seals them, for the RSA key in the file that SEALED_SECRETS_CERT names (a public key here, a certificate there).
// Sources: bitnami-labs/sealed-secrets README ("Usage", "Scopes"), docs/developer/crypto.md, and `kubeseal --help`.
import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { parseAllDocuments, stringify } from 'yaml';

const known = { '--format': 'format', '-o': 'format', '--cert': 'cert' };
const given = { format: 'json', cert: process.env.SEALED_SECRETS_CERT };
for (let at = 2; at < process.argv.length; at += 2) {
  const name = known[process.argv[at]];
  if (!name) fail(`unknown flag: ${process.argv[at]}`);
  given[name] = process.argv[at + 1];
}
if (!['json', 'yaml'].includes(given.format)) fail(`unsupported output format: ${given.format}`);
if (!given.cert) fail('cannot fetch certificate: no endpoints available for service "sealed-secrets-controller"');
const publicKey = createPublicKey(fs.readFileSync(given.cert, 'utf8'));

const documents = parseAllDocuments(fs.readFileSync(0, 'utf8')).map(document => document.toJS());
if (documents.length !== 1) fail('Multi-document YAML is not supported');
const [secret] = documents;
if (secret?.kind !== 'Secret' || secret.apiVersion !== 'v1') fail(`no kind "${secret?.kind}" is registered`);
const { name, namespace, annotations, labels } = secret.metadata ?? {};
const values = [
  ...Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
  ...Object.entries(secret.stringData ?? {}).map(([key, value]) => [key, Buffer.from(value)]),
];
if (values.length === 0) fail('Secret.data is empty in input Secret, assuming this is an error and aborting.');
if (!name) fail('Missing metadata.name in input Secret');
if (!namespace) fail('input secret has no namespace and cannot infer the namespace automatically');

const metadata = { ...(annotations ? { annotations } : {}), name, namespace };
const sealed = {
  apiVersion: 'bitnami.com/v1alpha1',
  kind: 'SealedSecret',
  metadata,
  spec: {
    encryptedData: Object.fromEntries(values.map(([key, value]) => [key, seal(value)])),
    template: {
      metadata: { ...metadata, ...(labels ? { labels } : {}) },
      ...(secret.type ? { type: secret.type } : {}),
    },
  },
};
process.stdout.write(
  given.format === 'yaml' ? `---\n${stringify(sealed, { lineWidth: 0 })}\n` : JSON.stringify(sealed),
);

/** A session key by RSA-OAEP with the namespace and name as its label, behind its length, and the value by AES-GCM. */
function seal(value) {
  const session = randomBytes(32);
  const locked = publicEncrypt(
    {
      key: publicKey,
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: 'sha256',
      oaepLabel: Buffer.from(`${namespace}/${name}`),
    },
    session,
  );
  const cipher = createCipheriv('aes-256-gcm', session, Buffer.alloc(12));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(locked.length);
  return Buffer.concat([length, locked, cipher.update(value), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}
