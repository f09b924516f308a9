/** What exchanges can be written as. */
import { curl } from './curl';
import type { Exporter } from './exporter';
import { har } from './har';
import { hurl } from './hurl';
import { k6 } from './k6';
import { openapi } from './openapi';
import { wiremock } from './wiremock';

export const exporters: readonly Exporter[] = [har, openapi, curl, k6, wiremock, hurl];
