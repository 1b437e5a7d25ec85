#!/usr/bin/env node
import { launch } from '../scripts/launch.mjs';

launch('reproductions/cli.ts');
