"""DNS messages as the tests see them: a small encoder and decoder of their own, so that no fault of
the server's codec can hide behind the same fault here.

Names are text with a final-dot-free form ("www.example", "." is the root); octets that are not
letters, digits, '-' or '_' are written \\DDD. Everything decodable is decoded strictly: what the
server sends must be well formed to the last octet.
"""

import ipaddress
import struct

TYPES = {
    'A': 1, 'NS': 2, 'MD': 3, 'MF': 4, 'CNAME': 5, 'SOA': 6, 'MB': 7, 'MG': 8, 'MR': 9, 'NULL': 10,
    'PTR': 12, 'HINFO': 13, 'MX': 15, 'TXT': 16, 'RP': 17, 'SIG': 24, 'AAAA': 28, 'SRV': 33,
    'NAPTR': 35, 'DNAME': 39, 'OPT': 41, 'DS': 43, 'RRSIG': 46, 'NSEC': 47, 'DNSKEY': 48,
    'NSEC3': 50, 'SVCB': 64, 'HTTPS': 65, 'TKEY': 249, 'TSIG': 250, 'IXFR': 251, 'AXFR': 252,
    'MAILB': 253, 'MAILA': 254, 'ANY': 255,
}
TYPE_NAMES = {v: k for k, v in TYPES.items()}
CLASSES = {'IN': 1, 'CH': 3, 'HS': 4, 'NONE': 254, 'ANY': 255}
RCODES = {
    'NOERROR': 0, 'FORMERR': 1, 'SERVFAIL': 2, 'NXDOMAIN': 3, 'NOTIMP': 4, 'REFUSED': 5,
    'YXDOMAIN': 6, 'YXRRSET': 7, 'NXRRSET': 8, 'NOTAUTH': 9, 'NOTZONE': 10, 'BADVERS': 16,
    'BADCOOKIE': 23,
}
RCODE_NAMES = {v: k for k, v in RCODES.items()}

QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
NSID, ECS, EXPIRE, COOKIE, KEEPALIVE, PADDING, EDE = 3, 8, 9, 10, 11, 12, 15


class Malformed(Exception):
    """Octets that are no DNS message."""


def type_number(text):
    if isinstance(text, int):
        return text
    if text in TYPES:
        return TYPES[text]
    if text.startswith('TYPE'):
        return int(text[4:])
    raise ValueError('unknown type ' + text)


def type_name(number):
    return TYPE_NAMES.get(number, 'TYPE%d' % number)


def class_number(text):
    if isinstance(text, int):
        return text
    return CLASSES[text] if text in CLASSES else int(text[5:])


# Names

def labels(text):
    """The labels of a name in text form, as octets."""
    if text in ('.', ''):
        return []
    out, label, i = [], bytearray(), 0
    while i < len(text):
        if text[i] == '\\':
            label.append(int(text[i + 1:i + 4]))
            i += 4
        elif text[i] == '.':
            out.append(bytes(label))
            label = bytearray()
            i += 1
        else:
            label.append(ord(text[i]))
            i += 1
    if label:
        out.append(bytes(label))
    return out


def name(text):
    """A name on the wire, uncompressed; bounds are the caller's, for tests break them."""
    return b''.join(bytes([len(x)]) + x for x in labels(text)) + b'\0'


def label_text(label):
    return ''.join(chr(c) if chr(c).isalnum() and c < 128 or c in b'-_*' else '\\%03d' % c
                   for c in label)


def read_name(data, at):
    """The name at an offset and the offset behind it; pointers only lead back."""
    out, end, limit, size = [], None, at, 1
    while True:
        if at >= len(data):
            raise Malformed('name cut off')
        length = data[at]
        if length == 0:
            at += 1
            break
        if length >= 0xc0:
            if at + 1 >= len(data):
                raise Malformed('pointer cut off')
            target = (length & 0x3f) << 8 | data[at + 1]
            if end is None:
                end = at + 2
            if target >= limit:
                raise Malformed('pointer leads forward')
            at = limit = target
            continue
        if length > 63:
            raise Malformed('label type')
        if at + 1 + length > len(data):
            raise Malformed('label cut off')
        size += 1 + length
        if size > 255:
            raise Malformed('name too long')
        out.append(label_text(data[at + 1:at + 1 + length]))
        at += 1 + length
    return '.'.join(out) or '.', at if end is None else end


def reverse_name(address):
    return ipaddress.ip_address(address).reverse_pointer


# RDATA

def split_text(text):
    """Words of record text; "quoted ones" keep their blanks."""
    out, word, quoted, some = [], '', False, False
    for c in text:
        if c == '"':
            quoted, some = not quoted, True
        elif c.isspace() and not quoted:
            if word or some:
                out.append(word)
            word, some = '', False
        else:
            word += c
    if word or some:
        out.append(word)
    return out


def rdata_encode(type_, words):
    """RDATA from its words in zone-file form."""
    kind = type_name(type_)
    if words and words[0] == '\\#':
        return bytes.fromhex(''.join(words[2:]))
    if kind == 'A':
        return ipaddress.IPv4Address(words[0]).packed
    if kind == 'AAAA':
        return ipaddress.IPv6Address(words[0]).packed
    if kind in ('NS', 'CNAME', 'PTR', 'DNAME', 'MB'):
        return name(words[0])
    if kind == 'MX':
        return struct.pack('>H', int(words[0])) + name(words[1])
    if kind == 'SRV':
        return struct.pack('>HHH', *map(int, words[:3])) + name(words[3])
    if kind == 'TXT':
        return b''.join(bytes([len(w)]) + w.encode() for w in words)
    if kind == 'SOA':
        return name(words[0]) + name(words[1]) + struct.pack('>5I', *map(int, words[2:7]))
    if kind == 'RRSIG':  # covered type, signer; the rest is made up, for nobody checks it
        return struct.pack('>HBBIIIH', type_number(words[0]), 13, 2, 300, 0x7fffffff, 0, 4711) + \
            name(words[1]) + bytes(range(64))
    if kind == 'NSEC':  # next name, types
        window = bytearray(32)
        for w in words[1:]:
            window[type_number(w) // 8] |= 0x80 >> type_number(w) % 8
        used = bytes(window).rstrip(b'\0')
        return name(words[0]) + bytes([0, len(used)]) + used
    if kind == 'DS':
        return struct.pack('>HBB', *map(int, words[:3])) + bytes.fromhex(words[3])
    raise ValueError('no text form of ' + kind)


def address_text(raw):
    """An IPv6 address by RFC 5952; IPv4-mapped ones in the mixed form, whatever Python does."""
    address = ipaddress.IPv6Address(raw)
    return '::ffff:%s' % address.ipv4_mapped if address.ipv4_mapped else str(address)


def rdata_text(type_, data, start, length):
    """RDATA as text, names in it decompressed; unknown types as \\# LENGTH HEX."""
    kind, raw, end = type_name(type_), data[start:start + length], start + length
    if kind == 'A' and length == 4:
        return str(ipaddress.IPv4Address(raw))
    if kind == 'AAAA' and length == 16:
        return address_text(raw)
    if kind in ('NS', 'CNAME', 'PTR', 'DNAME', 'MB'):
        text, at = read_name(data, start)
    elif kind == 'MX':
        target, at = read_name(data, start + 2)
        text = '%d %s' % (struct.unpack('>H', raw[:2])[0], target)
    elif kind == 'SRV':
        target, at = read_name(data, start + 6)
        text = '%d %d %d %s' % (*struct.unpack('>HHH', raw[:6]), target)
    elif kind == 'SOA':
        mname, at = read_name(data, start)
        rname, at = read_name(data, at)
        text = '%s %s %d %d %d %d %d' % (mname, rname, *struct.unpack('>5I', data[at:at + 20]))
        at += 20
    elif kind == 'TXT':
        words, at = [], start
        while at < end:
            words.append('"%s"' % data[at + 1:at + 1 + data[at]].decode('latin-1'))
            at += 1 + data[at]
        text = ' '.join(words)
    elif kind == 'RRSIG':
        signer, _ = read_name(data, start + 18)
        return '%s %s' % (type_name(struct.unpack('>H', raw[:2])[0]), signer)
    elif kind == 'NSEC':
        next_, _ = read_name(data, start)
        return next_
    else:
        return '\\# %d %s' % (length, raw.hex())
    if at != end:
        raise Malformed('RDATA of %s does not fill its length' % kind)
    return text


class RR:
    """A resource record."""

    def __init__(self, owner, type_, ttl, rdata, cls=1, text=None):
        self.owner, self.type, self.ttl, self.rdata, self.cls = owner, type_, ttl, rdata, cls
        if text is None:
            try:
                text = rdata_text(type_, rdata, 0, len(rdata))
            except (Malformed, IndexError, struct.error):  # broken on purpose
                text = '\\# %d %s' % (len(rdata), rdata.hex())
        self.text = text

    @classmethod
    def parse(cls, line):
        """OWNER TTL [CLASS] TYPE RDATA…"""
        words = split_text(line)
        owner, ttl, rest = words[0], int(words[1]), words[2:]
        class_ = 1
        if rest[0] in CLASSES and rest[0] != 'ANY':
            class_, rest = CLASSES[rest[0]], rest[1:]
        type_ = type_number(rest[0])
        return cls(owner.rstrip('.') or '.', type_, ttl, rdata_encode(type_, rest[1:]), class_)

    def encode(self, owner=None):
        return (name(self.owner) if owner is None else owner) + \
            struct.pack('>HHIH', self.type, self.cls, self.ttl & 0xffffffff, len(self.rdata)) + \
            self.rdata

    def __repr__(self):
        return '%s %d %s %s' % (self.owner, self.ttl, type_name(self.type), self.text)


def option(code, data=b''):
    """An EDNS option on the wire."""
    if isinstance(data, str):
        data = bytes.fromhex(data)
    return struct.pack('>HH', code, len(data)) + data


def opt_rr(size=1232, do=False, options=(), version=0, flags=0, ext_rcode=0, owner=b'\0',
           rdata=None):
    """An OPT record on the wire."""
    if rdata is None:
        rdata = b''.join(o if isinstance(o, bytes) else option(*o) for o in options)
    ttl = ext_rcode << 24 | version << 16 | (0x8000 if do else 0) | flags
    return owner + struct.pack('>HHIH', 41, size, ttl, len(rdata)) + rdata


def header(id_=0, flags=0, counts=(0, 0, 0, 0), opcode=0, rcode=0):
    return struct.pack('>HH4H', id_, flags | opcode << 11 | rcode, *counts)


def question(qname, qtype, qclass=1):
    return (qname if isinstance(qname, bytes) else name(qname)) + \
        struct.pack('>HH', type_number(qtype), class_number(qclass))


def query(what, id_=0, rd=True, cd=False, ad=False, do=False, edns=None, options=(), size=1232,
          version=0, ednsflags=0, cls='IN', opcode=0, flags=0):
    """A query for 'TYPE name'; OPT is there if `edns` or anything that needs it is given."""
    qtype, qname = what.split(' ', 1)
    if edns is None:
        edns = do or bool(options) or bool(version) or bool(ednsflags)
    bits = flags | (RD if rd else 0) | (CD if cd else 0) | (AD if ad else 0)
    out = header(id_, bits, (1, 0, 0, 1 if edns else 0), opcode)
    out += question(qname, qtype, cls)
    if edns:
        out += opt_rr(size, do, options, version, ednsflags)
    return out


class Message:
    """A decoded message; raises Malformed unless every octet has its place."""

    def __init__(self, data, strict=True):
        if len(data) < 12:
            raise Malformed('shorter than a header')
        self.raw = data
        self.id, self.flags, qd, an, ns, ar = struct.unpack('>6H', data[:12])
        self.counts = (qd, an, ns, ar)
        self.opcode = self.flags >> 11 & 15
        self.rcode_low = self.flags & 15
        self.questions, at = [], 12
        self.question_raw = []
        for _ in range(qd):
            begin = at
            qname, at = read_name(data, at)
            if at + 4 > len(data):
                raise Malformed('question cut off')
            self.questions.append((qname, *struct.unpack('>HH', data[at:at + 4])))
            at += 4
            self.question_raw.append(data[begin:at])
        self.opt = None
        self.sections = []
        for count in (an, ns, ar):
            rrs = []
            for _ in range(count):
                rr, at = self._rr(data, at)
                if rr.type == 41:
                    if self.opt is not None or rrs is None or len(self.sections) != 2 or \
                            rr.owner != '.':
                        raise Malformed('OPT where none may be')
                    self.opt = rr
                else:
                    rrs.append(rr)
            self.sections.append(rrs)
        self.answer, self.authority, self.additional = self.sections
        self.trailing = data[at:]
        if strict and self.trailing:
            raise Malformed('octets after the last record')
        self.options = self._options() if self.opt else []
        self.version = self.opt.ttl >> 16 & 255 if self.opt else None
        self.do = bool(self.opt and self.opt.ttl & 0x8000)
        self.ednsflags = self.opt.ttl & 0x7fff if self.opt else 0
        self.size = self.opt.cls if self.opt else None
        self.rcode = self.rcode_low | ((self.opt.ttl >> 24) << 4 if self.opt else 0)

    @staticmethod
    def _rr(data, at):
        owner, at = read_name(data, at)
        if at + 10 > len(data):
            raise Malformed('record cut off')
        type_, cls, ttl, length = struct.unpack('>HHIH', data[at:at + 10])
        at += 10
        if at + length > len(data):
            raise Malformed('RDATA cut off')
        text = '' if type_ == 41 else rdata_text(type_, data, at, length)
        return RR(owner, type_, ttl, data[at:at + length], cls, text), at + length

    def _options(self):
        out, data, at = [], self.opt.rdata, 0
        while at < len(data):
            if at + 4 > len(data):
                raise Malformed('option header cut off')
            code, length = struct.unpack('>HH', data[at:at + 4])
            if at + 4 + length > len(data):
                raise Malformed('option cut off')
            out.append((code, data[at + 4:at + 4 + length]))
            at += 4 + length
        return out

    def option(self, code):
        for c, data in self.options:
            if c == code:
                return data
        return None

    @property
    def ede(self):
        """(code, text) of each extended error."""
        return [(struct.unpack('>H', data[:2])[0], data[2:].decode())
                for code, data in self.options if code == EDE]

    @property
    def ede_codes(self):
        return [code for code, _ in self.ede]

    @property
    def rcode_text(self):
        return RCODE_NAMES.get(self.rcode, str(self.rcode))

    def has(self, flag):
        return bool(self.flags & flag)

    def rrs(self, type_, section='answer'):
        number = type_number(type_)
        return [rr for rr in getattr(self, section) if rr.type == number]

    def texts(self, type_, section='answer'):
        """RDATA of the section's records of a type."""
        return [rr.text for rr in self.rrs(type_, section)]

    def __repr__(self):
        known = (('qr', QR), ('aa', AA), ('tc', TC), ('rd', RD), ('ra', RA), ('z', Z), ('ad', AD),
                 ('cd', CD))
        flags = [text for text, bit in known if self.has(bit)]
        return '<%s %s q=%s an=%s ns=%s ar=%s opt=%s>' % (
            self.rcode_text, ' '.join(flags), self.questions, self.answer, self.authority,
            self.additional, self.options if self.opt else None)
