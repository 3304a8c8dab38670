import { test } from '@jest/globals';
import { playSlice } from './play-slice.ts';

test('a disturbed run leaves nothing half-done', () => playSlice('kubernetes'));
