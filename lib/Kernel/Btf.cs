using System.Buffers.Binary;
using System.Text;
using PvPatch.Elf;

namespace PvPatch.Kernel;

/// <summary>The kernel's own description of its types (section <c>.BTF</c>; format: Documentation/bpf/btf.rst).</summary>
public sealed class Btf
{
    private const int KindArray = 3, KindStruct = 4, KindUnion = 5, KindTypedef = 8, KindVolatile = 9, KindConst = 10;
    private const int MaxDepth = 16;

    private readonly byte[] types;
    private readonly byte[] strings;
    private readonly int[] offsets;

    private Btf(byte[] types, byte[] strings, int[] offsets) =>
        (this.types, this.strings, this.offsets) = (types, strings, offsets);

    /// <summary>Reads the header and finds where each type begins.</summary>
    /// <exception cref="MalformedImageException">The section is not BTF, or is cut short.</exception>
    public static Btf Read(ReadOnlySpan<byte> section)
    {
        Require(section.Length >= 24 && U16(section, 0) == 0xeb9f, "its header is missing");
        uint header = U32(section, 4);
        (uint typeAt, uint typeLength) = (U32(section, 8), U32(section, 12));
        (uint stringAt, uint stringLength) = (U32(section, 16), U32(section, 20));
        Require((ulong)header + typeAt + typeLength <= (ulong)section.Length, "its types are cut short");
        Require((ulong)header + stringAt + stringLength <= (ulong)section.Length, "its strings are cut short");
        byte[] types = section.Slice((int)(header + typeAt), (int)typeLength).ToArray();
        byte[] strings = section.Slice((int)(header + stringAt), (int)stringLength).ToArray();
        return new Btf(types, strings, IndexTypes(types));
    }

    /// <summary>The first structure of that tag that has members, or null.</summary>
    public BtfStruct? FindStruct(string name)
    {
        ReadOnlySpan<byte> wanted = Encoding.ASCII.GetBytes(name);
        for (uint id = 1; id < offsets.Length; id++)
            if (Kind(id) == KindStruct && Name(U32(types, offsets[id])).SequenceEqual(wanted) && VariableLength(id) != 0)
                return GetStruct(id);
        return null;
    }

    /// <summary>The structure or union behind a type id, through typedefs and qualifiers; null for anything else.</summary>
    public BtfStruct? GetStruct(uint id)
    {
        for (int depth = 0; depth < MaxDepth && id > 0 && id < offsets.Length; depth++)
        {
            int at = offsets[id];
            switch (Kind(id))
            {
                case KindTypedef or KindVolatile or KindConst:
                    id = U32(types, at + 8);
                    continue;
                case KindStruct or KindUnion:
                    return ReadStruct(id);
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>The byte offset and array length of a member by its dotted path, anonymous parts passed through.</summary>
    public bool TryFindMember(string structName, string member, out uint offset, out uint elements)
    {
        (offset, elements) = (0, 0);
        BtfStruct? found = FindStruct(structName);
        return found is not null && TryFindMember(found, member, 0, [], ref offset, ref elements);
    }

    // A type without the member is looked into once: each may hold itself, and all others, thousands of times.
    private bool TryFindMember(BtfStruct type, string member, int depth, HashSet<uint> seen, ref uint offset, ref uint elements)
    {
        foreach (BtfMember candidate in type.Members)
        {
            if (candidate.Name == member)
            {
                offset += candidate.Offset;
                if (candidate.Type != 0 && candidate.Type < offsets.Length && Kind(candidate.Type) == KindArray)
                    elements = U32(types, offsets[candidate.Type] + 20);
                return true;
            }

            if (candidate.Name.Length != 0 || depth >= MaxDepth || !seen.Add(candidate.Type)) continue;
            if (GetStruct(candidate.Type) is not { } inner) continue;
            uint below = 0;
            if (!TryFindMember(inner, member, depth + 1, seen, ref below, ref elements)) continue;
            offset += candidate.Offset + below;
            return true;
        }

        return false;
    }

    private BtfStruct ReadStruct(uint id)
    {
        int at = offsets[id];
        bool bitfields = U32(types, at + 4) >> 31 != 0; // kind_flag: the offset's top byte is a bit-field's size
        int count = VariableLength(id);
        var members = new List<BtfMember>(count);
        for (int i = 0; i < count; i++)
        {
            int entry = at + 12 + (i * 12);
            uint bits = U32(types, entry + 8);
            string name = ElfName.Text(Name(U32(types, entry)));
            members.Add(new BtfMember(name, U32(types, entry + 4), (bitfields ? bits & 0xffffff : bits) / 8));
        }

        return new BtfStruct(ElfName.Text(Name(U32(types, at))), U32(types, at + 8), members);
    }

    private static int[] IndexTypes(byte[] types)
    {
        var offsets = new List<int>(types.Length / 24) { 0 };
        int at = 0;
        while (at < types.Length)
        {
            Require(types.Length - at >= 12, "its last type is cut short");
            uint info = U32(types, at + 4);
            offsets.Add(at);
            long length = 12 + TailLength((int)(info >> 24) & 31, (int)(info & 0xffff));
            Require(length <= types.Length - at, $"type {offsets.Count - 1} is cut short");
            at += (int)length;
        }

        return [.. offsets];
    }

    // What follows the common 12 bytes, by kind (btf.rst, “Type Encoding”).
    private static long TailLength(int kind, int count) => kind switch
    {
        1 or 14 or 17 => 4,                          // INT, VAR, DECL_TAG
        KindArray => 12,
        KindStruct or KindUnion or 15 or 19 => count * 12L, // DATASEC, ENUM64
        6 or 13 => count * 8L,                       // ENUM, FUNC_PROTO
        2 or 7 or 8 or 9 or 10 or 11 or 12 or 16 or 18 => 0,
        _ => throw new MalformedImageException("section .BTF", $"type kind {kind} is unknown"),
    };

    private int Kind(uint id) => (int)(U32(types, offsets[id] + 4) >> 24) & 31;

    private int VariableLength(uint id) => (int)(U32(types, offsets[id] + 4) & 0xffff);

    private ReadOnlySpan<byte> Name(uint at) => ElfName.Bytes(strings, at);

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static void Require(bool condition, string reason)
    {
        if (!condition) throw new MalformedImageException("section .BTF", reason);
    }
}
