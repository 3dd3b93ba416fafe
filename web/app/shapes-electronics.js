// Pictures of electronics. Data only; `shapes.js` explains the notation.

import { DEEP, INK, MAIN, METAL, PALE, SCREEN, SHINE, SOFT, grid, oval, rect } from "./shapes.js";

export const electronics = {
  phone: [
    [MAIN, rect(86, 20, 70, 148, 14)], [DEEP, rect(126, 28, 22, 40, 9)], [INK, oval(137, 39, 7)],
    [INK, oval(137, 57, 7)], [SHINE, oval(135, 37, 2.5)], [SHINE, oval(135, 55, 2.5)], [INK, rect(44, 26, 70, 148, 14)],
    [SCREEN, rect(49, 31, 60, 138, 10)], [SHINE, "M49 41a10 10 0 0 1 10-10h28L49 122z"], [INK, rect(69, 36, 20, 6, 3)],
  ],
  tablet: [
    [MAIN, rect(48, 26, 116, 144, 12)], [INK, rect(42, 30, 116, 144, 12)], [SCREEN, rect(50, 38, 100, 128, 5)],
    [SHINE, "M50 38h58L50 128z"],
  ],
  laptop: [
    [INK, rect(42, 46, 116, 82, 7)], [SCREEN, rect(48, 52, 104, 68, 3)], [SHINE, "M48 52h56L62 120H48z"],
    [MAIN, "M26 136l14-8h120l14 8v4a8 8 0 0 1-8 8H34a8 8 0 0 1-8-8z"],
    [DEEP, "M26 138h148v2a8 8 0 0 1-8 8H34a8 8 0 0 1-8-8z"], [PALE, "M84 128h32l3 5H81z"],
  ],
  desktop: [
    [MAIN, rect(64, 28, 72, 142, 8)], [DEEP, rect(72, 40, 56, 10, 3)], [INK, oval(100, 96, 22)],
    [SCREEN, oval(100, 96, 17)], [INK, oval(100, 96, 6)], [PALE, oval(100, 152, 4)],
  ],
  monitor: [
    [METAL, "M90 132h20l4 28H86z"], [METAL, rect(66, 158, 68, 8, 4)], [INK, rect(24, 36, 152, 100, 6)],
    [SCREEN, rect(30, 42, 140, 84, 2)], [SHINE, "M30 42h76l-58 84H30z"],
  ],
  television: [
    [INK, rect(14, 38, 172, 106, 4)], [SCREEN, rect(18, 42, 164, 96, 2)], [SHINE, "M18 42h92l-70 96H18z"],
    [METAL, "M58 144h10l-6 18h-8zM132 144h10l4 18h-8z"],
  ],
  headphones: [
    [MAIN, "M44 116V98a56 56 0 0 1 112 0v18", 11], [PALE, "M64 58a56 56 0 0 1 72 0", 5],
    [DEEP, rect(32, 102, 34, 58, 15)], [DEEP, rect(134, 102, 34, 58, 15)], [INK, rect(54, 104, 16, 54, 8)],
    [INK, rect(130, 104, 16, 54, 8)], [SHINE, rect(38, 110, 6, 40, 3)],
  ],
  earbuds: [
    [MAIN, "M62 48a24 24 0 0 1 24 24c0 12-7 18-12 22v44a9 9 0 0 1-18 0V96c-10-4-18-12-18-24a24 24 0 0 1 24-24z"],
    [MAIN, "M138 48a24 24 0 0 0-24 24c0 12 7 18 12 22v44a9 9 0 0 0 18 0V96c10-4 18-12 18-24a24 24 0 0 0-24-24z"],
    [INK, oval(78, 70, 8, 12)], [INK, oval(122, 70, 8, 12)], [SHINE, rect(60, 100, 5, 34, 2)],
    [SHINE, rect(130, 100, 5, 34, 2)],
  ],
  speaker: [
    [MAIN, rect(58, 26, 84, 144, 12)], [DEEP, rect(64, 32, 72, 132, 8)], [INK, oval(100, 66, 20)],
    [METAL, oval(100, 66, 8)], [INK, oval(100, 122, 32)], [METAL, oval(100, 122, 13)],
    [SHINE, "M58 38a12 12 0 0 1 12-12h14L58 96z"],
  ],
  camera: [
    [DEEP, "M76 60l8-16h32l8 16z"], [MAIN, rect(28, 58, 144, 98, 12)], [INK, rect(28, 84, 144, 46)],
    [METAL, oval(100, 107, 42)], [INK, oval(100, 107, 35)], [SCREEN, oval(100, 107, 22)], [SHINE, oval(90, 97, 8)],
    [SOFT, rect(144, 66, 18, 10, 3)], [PALE, rect(40, 50, 22, 8, 3)],
  ],
  watch: [
    [DEEP, "M76 62l6-38h36l6 38zM76 138l6 38h36l6-38z"], [METAL, rect(60, 54, 80, 92, 24)],
    [INK, rect(65, 59, 70, 82, 20)], [SCREEN, rect(71, 65, 58, 70, 15)], [SOFT, "M100 80v22l14 10", 4],
    [METAL, rect(140, 90, 6, 18, 3)],
  ],
  keyboard: [
    [MAIN, rect(18, 66, 164, 76, 9)], [DEEP, rect(18, 132, 164, 10, 5)], [SOFT, grid(28, 76, 12, 3, 9.5, 11, 3)],
    [SOFT, rect(66, 118, 68, 11, 2)], [SOFT, grid(28, 118, 3, 1, 9.5, 11, 3)],
    [SOFT, grid(140.5, 118, 3, 1, 9.5, 11, 2.6)],
  ],
  mouse: [
    [MAIN, "M100 36c30 0 42 24 42 62s-14 70-42 70-42-32-42-70 12-62 42-62z"], [DEEP, "M58 98h84", 2.5],
    [DEEP, "M100 36v62", 2.5], [INK, rect(95, 56, 10, 26, 5)], [SHINE, "M74 56c-8 16-9 44-6 60 4-30 6-40 14-62z"],
  ],
  printer: [
    [SOFT, rect(62, 30, 76, 50, 3)], [DEEP, rect(30, 72, 140, 22, 8)], [MAIN, rect(26, 84, 148, 58, 10)],
    [INK, rect(48, 118, 104, 10, 5)], [SOFT, "M58 124h84l8 42H50z"], [METAL, "M66 140h68M64 150h72", 3],
    [SCREEN, rect(140, 94, 20, 10, 3)],
  ],
  cartridge: [
    [INK, rect(26, 76, 148, 54, 8)], [MAIN, rect(38, 66, 96, 26, 5)], [DEEP, rect(26, 112, 148, 18, 8)],
    [METAL, oval(158, 100, 11)], [SOFT, rect(48, 98, 74, 8, 4)], [PALE, rect(48, 73, 40, 8, 3)],
  ],
  gamepad: [
    [MAIN, "M62 62h76c26 0 36 28 40 58 3 24-20 34-34 16l-14-18H70l-14 18c-14 18-37 8-34-16 4-30 14-58 40-58z"],
    [INK, "M60 78h10v10h10v10H70v10H60V98H50V88h10z"], [PALE, oval(138, 80, 6)], [SOFT, oval(150, 92, 6)],
    [SOFT, oval(126, 92, 6)], [PALE, oval(138, 104, 6)], [INK, oval(84, 118, 11)], [INK, oval(116, 118, 11)],
    [SHINE, "M62 62h40L40 104c4-20 8-38 22-42z"],
  ],
  router: [
    [INK, rect(42, 36, 9, 82, 4)], [INK, rect(149, 36, 9, 82, 4)], [INK, rect(95, 28, 9, 90, 4)],
    [MAIN, rect(24, 106, 152, 46, 12)], [DEEP, rect(24, 136, 152, 16, 8)], [SCREEN, grid(44, 118, 5, 1, 9, 6, 9, 3)],
    [SHINE, rect(34, 110, 132, 4, 2)],
  ],
  drive: [
    [MAIN, rect(48, 34, 104, 134, 10)], [DEEP, rect(48, 140, 104, 28, 10)], [METAL, oval(100, 86, 36)],
    [SOFT, oval(100, 86, 11)], [INK, "M132 130L104 92", 7], [PALE, oval(136, 154, 4)],
  ],
  card: [
    [MAIN, "M58 30h62l24 24v108a8 8 0 0 1-8 8H66a8 8 0 0 1-8-8z"], [METAL, grid(68, 40, 5, 1, 8, 24, 3)],
    [SOFT, rect(70, 88, 62, 50, 5)], [DEEP, "M80 104h42M80 116h28", 5],
  ],
  chip: [
    [METAL, grid(54, 30, 7, 1, 6, 140, 8.2, 2) + grid(30, 54, 1, 7, 140, 6, 8.2, 2)], [INK, rect(42, 42, 116, 116, 8)],
    [MAIN, rect(62, 62, 76, 76, 6)], [SHINE, "M62 68a6 6 0 0 1 6-6h44l-50 50z"], [PALE, "M76 120h48M76 108h30", 4],
  ],
  cable: [
    [MAIN, "M58 64v46c0 50 84 50 84 0s-60-40-60 4 66 46 80 12", 9], [METAL, rect(50, 26, 16, 18, 2)],
    [INK, rect(45, 42, 26, 30, 6)],
  ],
  charger: [
    [METAL, rect(78, 26, 9, 30, 3)], [METAL, rect(113, 26, 9, 30, 3)], [MAIN, rect(54, 52, 92, 84, 18)],
    [DEEP, rect(54, 112, 92, 24, 12)], [INK, rect(84, 84, 32, 14, 5)], [INK, "M100 136v34", 8],
  ],
  battery: [
    [METAL, rect(86, 26, 28, 14, 4)], [INK, rect(66, 38, 68, 134, 10)], [MAIN, rect(66, 70, 68, 102, 10)],
    [SOFT, "M106 88l-20 32h14l-6 30 22-36h-15z"], [SHINE, rect(72, 46, 8, 118, 4)],
  ],
  projector: [
    [MAIN, rect(24, 70, 152, 70, 14)], [DEEP, rect(24, 122, 152, 18, 9)], [METAL, oval(74, 104, 28)],
    [INK, oval(74, 104, 22)], [SCREEN, oval(74, 104, 13)], [INK, grid(122, 88, 6, 1, 4, 28, 4)],
    [INK, rect(44, 140, 14, 8, 3)], [INK, rect(142, 140, 14, 8, 3)],
  ],
  microphone: [
    [MAIN, rect(76, 24, 48, 86, 24)], [DEEP, "M80 52h40M80 66h40M80 80h40", 3], [METAL, "M60 84a40 44 0 0 0 80 0", 6],
    [METAL, "M100 128v34", 7], [INK, rect(68, 158, 64, 10, 5)], [SHINE, rect(83, 34, 6, 60, 3)],
  ],
  webcam: [
    [INK, "M84 118h32l10 44H74z"], [MAIN, rect(34, 52, 132, 70, 34)], [DEEP, rect(66, 58, 68, 58, 28)],
    [INK, oval(100, 87, 25)], [SCREEN, oval(100, 87, 14)], [SHINE, oval(93, 79, 5)], [SOFT, oval(52, 87, 4)],
    [METAL, rect(62, 158, 76, 9, 4)],
  ],
  hub: [
    [INK, "M158 102h14c16 0 16 26 0 26", 6], [MAIN, rect(26, 78, 136, 48, 12)], [DEEP, rect(26, 112, 136, 14, 7)],
    [INK, grid(42, 92, 3, 1, 26, 11, 9, 2)], [METAL, grid(46, 96, 3, 1, 18, 3, 17, 1)], [SCREEN, oval(148, 97, 3.5)],
  ],
  lens: [
    [INK, rect(54, 26, 92, 22, 6)], [MAIN, rect(48, 44, 104, 112, 8)], [DEEP, rect(48, 66, 104, 32)],
    [METAL, "M58 66v32M68 66v32M78 66v32M88 66v32M98 66v32M108 66v32M118 66v32M128 66v32M138 66v32", 2],
    [PALE, rect(48, 116, 104, 6)], [INK, rect(62, 156, 76, 14, 3)], [SHINE, rect(58, 50, 9, 102, 4)],
  ],
  tripod: [
    [INK, "M100 72L62 170M100 72l38 98M100 72v96", 7], [MAIN, rect(90, 52, 20, 62, 6)], [METAL, "M82 122h36", 4],
    [INK, rect(74, 36, 52, 18, 5)], [PALE, rect(80, 28, 40, 9, 3)], [INK, "M112 48l40 18", 6],
  ],
  soundbar: [
    [MAIN, rect(16, 88, 168, 36, 12)], [DEEP, rect(16, 108, 168, 16, 8)], [INK, grid(28, 97, 24, 1, 3.4, 18, 2.6, 1)],
    [SCREEN, oval(100, 92, 3)], [INK, rect(34, 124, 18, 6, 2)], [INK, rect(148, 124, 18, 6, 2)],
  ],
  mount: [
    [MAIN, rect(34, 44, 132, 112, 8)], [DEEP, rect(48, 58, 104, 84, 5)], [METAL, "M58 58l84 84M142 58l-84 84", 10],
    [INK, rect(80, 80, 40, 40, 6)], [METAL, oval(100, 100, 9)], [SOFT, oval(44, 54, 3.5)], [SOFT, oval(156, 54, 3.5)],
    [SOFT, oval(44, 146, 3.5)], [SOFT, oval(156, 146, 3.5)],
  ],
  phonecase: [
    [MAIN, rect(60, 20, 80, 158, 18)], [DEEP, rect(67, 27, 66, 144, 13)], [MAIN, rect(70, 30, 60, 138, 11)],
    [DEEP, rect(76, 36, 30, 44, 11)], [INK, oval(91, 48, 8)], [INK, oval(91, 68, 8)],
    [SHINE, "M70 41a11 11 0 0 1 11-11h40L70 132z"],
  ],
  toothbrush: [
    [SOFT, rect(88, 20, 24, 22, 4)], [MAIN, "M92 40h12v34h-12z"], [MAIN, rect(82, 70, 32, 104, 14)],
    [DEEP, rect(82, 132, 32, 42, 14)], [SOFT, oval(98, 98, 7)], [SHINE, rect(87, 80, 5, 84, 2)],
  ],
  hairdryer: [
    [INK, rect(134, 52, 38, 40, 5)], [MAIN, "M140 48v48l-40 4a36 36 0 1 1 0-56z"],
    [DEEP, "M76 104h28l8 60a8 8 0 0 1-8 8H88a8 8 0 0 1-8-8z"], [INK, oval(74, 72, 17)], [METAL, oval(74, 72, 8)],
    [SOFT, rect(90, 120, 9, 16, 4)],
  ],
};
