import type { DocumentSelector } from 'vscode-languageclient';

/**
 * Which files the server is told of. Deployments are recognised by what the files say and not by how their directories
 * are called, so every file of these types takes part. There is no language here on purpose: other extensions give
 * the same files languages of their own, such as `helm` or `dockercompose`.
 */
const pattern = '**/*.{yaml,yml,json,cfg,conf,sh,env,env.example,sql,md}';

/** Local files, files of a remote machine, and files of repositories that are opened without a checkout. */
const schemes = ['file', 'vscode-remote', 'vscode-vfs'];
export const documentSelector: DocumentSelector = schemes.map(scheme => ({ scheme, pattern }));
