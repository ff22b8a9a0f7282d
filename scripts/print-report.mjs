// Prints the report of a bundle as PDF to its output: `node scripts/print-report.mjs FOLDER > report.pdf`.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from './lib/browser.mjs';

const folder = process.argv[2];
if (!folder) {
  process.stderr.write('Name the folder of the bundle: node scripts/print-report.mjs FOLDER > report.pdf\n');
  process.exit(2);
}
const browser = await chromium.launch({ executablePath: await findChromium(), args: CHROMIUM_FLAGS });
try {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(path.resolve(folder, 'report.html')).href);
  // Pictures are fetched as they come into view, which on paper they never do.
  await page.evaluate(async () => {
    const pictures = [...document.images];
    for (const picture of pictures) picture.loading = 'eager';
    await Promise.all(pictures.map((picture) => picture.decode().catch(() => undefined)));
  });
  const pdf = await page.pdf({
    format: 'A4',
    margin: { top: '16mm', bottom: '16mm', left: '14mm', right: '14mm' },
    displayHeaderFooter: true,
    headerTemplate: '<span></span>',
    footerTemplate:
      '<div style="font-size:8px;width:100%;padding:0 14mm;display:flex;justify-content:space-between"><span class="title"></span><span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>',
  });
  process.stdout.write(pdf);
} finally {
  await browser.close();
}
