import { writeFileSync } from 'node:fs';
import base from './vite.config.ts';
let out='';
export default {...base, plugins:[...base.plugins!,{name:'sz',enforce:'post',generateBundle(o:any,b:any){ for(const c of Object.values(b) as any[]) if(c.type==='chunk'){ out+=`## ${c.fileName} ${c.code.length} imports ${c.imports.join(' ')}\n`; for(const [k,m] of Object.entries(c.modules) as any[]) out+=`${m.renderedLength} ${k.replace(/.*startup\//,'')}\n`; } writeFileSync(process.env.AN ?? '/tmp/startup/an.txt',out); }}], build:{...base.build,outDir:'dist-an', emptyOutDir:true, minify: !process.env.NOMIN, reportCompressedSize:false}};
