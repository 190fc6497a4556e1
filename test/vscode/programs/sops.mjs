// Stands in for `sops encrypt`, which no package registry of the tests has, and is as strict as its documentation: which
// arguments there are and where they stand, which .sops.yaml and which of its rules count, what is read and written, and that
// it fails with a sentence on its standard error. Values are really encrypted, in the form that SOPS writes, but by a key that
// is derived from the recipient's name.
// Sources: getsops.io/docs ("Encrypting and decrypting from other programs", "Config file", "Encrypting only parts of a file",
// "Message Authentication Code"), and `sops encrypt --help`.
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

const args = process.argv.slice(2);
const globals = options(['config']);
if (args.shift() !== 'encrypt') fail(1, 'unexpected command');
const given = options([
  'age',
  'pgp',
  'encrypted-regex',
  'encrypted-suffix',
  'unencrypted-regex',
  'unencrypted-suffix',
  'filename-override',
  'input-type',
  'output-type',
]);
if (args.length > 0) fail(100, `Error: cannot operate on non-existent file "${args[0]}"`);
// Without a file name its standard input is read, and then it has to be told which file that would be.
if (!given['filename-override']) fail(100, 'Error: you must specify --filename-override when reading from stdin');
const file = path.resolve(given['filename-override']);
for (const type of [given['input-type'], given['output-type']])
  if ((type ?? path.extname(file).slice(1)) !== 'yaml') fail(1, 'the manifests of a deployment are YAML');

const rule = creationRule();
const selectors = ['encrypted_regex', 'encrypted_suffix', 'unencrypted_regex', 'unencrypted_suffix'];
const chosen = selectors.flatMap(name => {
  const value = given[name.replace('_', '-')] ?? rule[name];
  return value ? [[name, value]] : [];
});
if (chosen.length > 1)
  fail(
    203,
    'Error: cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, or unencrypted_regex',
  );
const [selector, pattern] = chosen[0] ?? [];
const recipient = given.age ?? rule.age;
if (!recipient) fail(111, 'No master keys were provided, so the file could not be encrypted');
const key = createHash('sha256').update(recipient).digest();

const documents = parseAllDocuments(fs.readFileSync(0, 'utf8')).map(document => document.toJS());
if (documents.length === 0 || documents.some(one => typeof one !== 'object')) fail(1, 'Error unmarshalling input yaml');
if (documents.some(one => 'sops' in one))
  fail(203, 'The file you have provided contains a top-level entry called sops');
process.stdout.write(documents.map(one => toYaml({ ...encrypted(one, []), sops: metadata() }, '')).join('---\n'));

function options(names) {
  const found = {};
  while (args[0]?.startsWith('--')) {
    const name = args.shift().slice(2);
    if (!names.includes(name)) fail(1, `flag provided but not defined: -${name}`);
    found[name] = args.shift();
  }
  return found;
}

/** The first rule whose path_regex matches the path, seen from the directory of the configuration. */
function creationRule() {
  const config = globals.config ?? upwards(process.cwd());
  if (config === undefined)
    fail(1, 'config file not found, or has no creation rules, and no keys provided through command line options');
  const { creation_rules: rules = [] } = parseAllDocuments(fs.readFileSync(config, 'utf8'))[0].toJS();
  const relative = file.startsWith(`${path.dirname(config)}/`) ? path.relative(path.dirname(config), file) : file;
  const found = rules.find(one => !one.path_regex || new RegExp(one.path_regex).test(relative));
  if (!found) fail(1, 'error loading config: no matching creation rules found');
  return found;
}

function upwards(directory) {
  for (let at = directory; ; at = path.dirname(at)) {
    if (fs.existsSync(path.join(at, '.sops.yaml'))) return path.join(at, '.sops.yaml');
    if (at === path.dirname(at)) return undefined;
  }
}

/** A value is encrypted if its key or one above it is chosen; without a choice, every value is. */
function encrypted(value, keys) {
  if (Array.isArray(value)) return value.map(one => encrypted(one, keys));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, encrypted(one, [...keys, name])]));
  const matches = keys.some(name =>
    selector?.endsWith('regex') ? new RegExp(pattern).test(name) : name.endsWith(pattern ?? ''),
  );
  const isChosen = selector === undefined || matches !== selector.startsWith('un');
  if (!isChosen || value === '') return value;
  const iv = randomBytes(32);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(`${keys.join(':')}:`));
  const data = Buffer.concat([cipher.update(String(value)), cipher.final()]).toString('base64');
  const tag = cipher.getAuthTag().toString('base64');
  return `ENC[AES256_GCM,data:${data},iv:${iv.toString('base64')},tag:${tag},type:str]`;
}

function metadata() {
  return {
    age: [{ recipient }],
    lastmodified: '2026-01-01T00:00:00Z',
    mac: 'ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]',
    ...(selector ? { [selector]: pattern } : {}),
    version: '3.11.0',
  };
}

/** Four spaces, as SOPS indents YAML. */
function toYaml(value, indent) {
  return Object.entries(value)
    .map(([name, one]) => {
      if (Array.isArray(one))
        return `${indent}${name}:\n${one.map(item => toYaml(item, `${indent}    `).replace(/ {2}(?=\S)/, '- ')).join('')}`;
      if (typeof one === 'object' && one !== null) return `${indent}${name}:\n${toYaml(one, `${indent}    `)}`;
      return `${indent}${name}: ${JSON.stringify(one)}\n`;
    })
    .join('');
}

function fail(code, message) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
