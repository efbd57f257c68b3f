/**
 * The files of a disseminated product, from the catalogue by URN and checksum, on the disk. Enters: what the
 * notification says of the product. Leaves: as of an order. The catalogue has a product only once it is indexed.
 */

import type { Fetching, Job, Outcome } from "./fetching";
import type { FileSource } from "./file-download";
import { fetchFiles, missingFiles } from "./files-round";
import { outcomeOf } from "./outcome";
import { persistently } from "./patience";
import { Plan, type PlannedFile } from "./plan";
import { WebTrouble } from "./troubles";

/** A product as `msg.regards` of dissemination-in has it. */
export interface Product {
  readonly urn: string;
  readonly productId: string | undefined;
  readonly version: number | undefined;
  readonly files: readonly {
    readonly name: string;
    readonly size: number | undefined;
    readonly checksum: string | undefined;
    readonly algorithm: string | undefined;
    readonly mimeType: string | undefined;
  }[];
}

/** A product to fetch. */
export interface ProductJob extends Job {
  readonly product: Product;
}

export async function downloadProduct(fetching: Fetching, job: ProductJob): Promise<Outcome> {
  const { urn, productId, version, files } = job.product;
  const plan = await persistently(() => Plan.open(job.folder, `${urn} of ${job.of}`), fetching);
  try {
    const known = files.flatMap((file) => {
      const { checksum } = file;
      const isUsable = checksum !== undefined && /^[\w-]{8,128}$/.test(checksum);
      return isUsable ? [{ ...file, id: checksum, productId, version }] : [];
    });
    await persistently(() => plan.add(known), fetching);
    const sourceOf = ({ id }: PlannedFile): FileSource => ({
      path: `/api/v1/rs-catalog/downloads/${encodeURIComponent(urn).replaceAll("%3A", ":")}/files/${id}`,
      kind: "catalogue",
    });
    const failed = await fetchFiles(fetching, plan, await missingFiles(plan), sourceOf, job.parallel);
    const unnamed = files.filter(({ checksum }) => !known.some(({ id }) => id === checksum));
    const lost = unnamed.map(({ name }) => ({
      file: { name, id: "" },
      trouble: new WebTrouble("no-checksum"),
    }));
    return await persistently(() => outcomeOf(plan, job, [...failed, ...lost], []), fetching);
  } finally {
    await plan.close();
  }
}
