using System.Buffers.Binary;
using PvPatch.Elf;
using PvPatch.Images;
using PvPatch.Kernel;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Tests.Hostile;

/// <summary>Spoiled dumps of a running kernel, and dumps beside spoiled kernels.</summary>
[Collection(AloneCollection.Name)]
public sealed class MutatedMemoryTests
{
    private const int Dumps = 3_000;

    [Fact]
    public void SoundDumpsOfAllKindsTellTheSame()
    {
        string[] profiles =
        [
            .. new (byte[] Bytes, DumpAddress? At)[]
            {
                (DumpBytes.Raw(), new DumpAddress(Physical: true, DumpBytes.Physical)),
                (DumpBytes.Raw(), new DumpAddress(Physical: false, 0xffffffff81000000)),
                (DumpBytes.Core(1, physical: true), null),
                (DumpBytes.Core(7, physical: true), null), // what is wanted lies across the ranges
                (DumpBytes.Core(999, physical: false), null),
            }.Select(dump =>
            {
                CpuProfile profile = ReadProfile(MiniLayout.Bytes, dump.Bytes, dump.At);
                return string.Join(' ', profile.Features) + string.Join(' ', profile.StaticKeys) + string.Join(' ', profile.StaticCalls);
            }),
        ];
        Assert.Single(profiles.Distinct());
    }

    [Fact]
    public void NoRawDumpCrashesOrHangs()
    {
        byte[] sound = DumpBytes.Raw();
        int accepted = Campaign.Run(Dumps, number =>
        {
            Random random = HostileSeed.For(number);
            byte[] dump = sound[..(random.Next(4) == 0 ? random.Next(sound.Length) : sound.Length)];
            for (int flips = random.Next(2000); flips > 0 && dump.Length != 0; flips--) dump[random.Next(dump.Length)] = (byte)random.Next(256);
            ulong address = random.Next(4) == 0 ? (ulong)random.NextInt64(long.MinValue, long.MaxValue) : DumpBytes.Physical + ((ulong)random.Next(3) << 21);
            bool physical = random.Next(2) == 0;
            return Accepts(MiniLayout.Bytes, dump, new DumpAddress(physical, physical ? address : address + 0xffffffff80000000));
        });
        Assert.InRange(accepted, 1, Dumps - 1);
    }

    [Fact]
    public void NoCoreCrashesOrHangs()
    {
        int accepted = Campaign.Run(Dumps, number =>
        {
            Random random = HostileSeed.For(number);
            int ranges = 1 + random.Next(9);
            byte[] core = DumpBytes.Core(ranges, physical: random.Next(2) == 0);
            for (int times = 1 + random.Next(6); times > 0; times--)
            {
                int field = random.Next(3) == 0 ? random.Next(64) : 64 + (random.Next(ranges) * 56) + (random.Next(7) * 8);
                ulong value = random.Next(4) switch
                {
                    0 => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
                    1 => ulong.MaxValue - (ulong)random.Next(0x10000),
                    2 => (ulong)random.Next(core.Length),
                    _ => 0xffffffff81000000 + (ulong)random.Next(0x10000),
                };
                if (field < 64) core[field] = (byte)value;
                else BinaryPrimitives.WriteUInt64LittleEndian(core.AsSpan(field), value);
            }

            return Accepts(MiniLayout.Bytes, core, null);
        });
        Assert.InRange(accepted, 1, Dumps - 1);
    }

    [Fact]
    public void NoImageCrashesOrHangsBesideASoundDump()
    {
        byte[] raw = DumpBytes.Raw(), core = DumpBytes.Core(3, physical: false);
        int accepted = Campaign.Run(Dumps, number => number % 2 == 0
            ? Accepts(ImageMutator.Mutate(HostileSeed.For(number)), raw, new DumpAddress(Physical: true, DumpBytes.Physical))
            : Accepts(ImageMutator.Mutate(HostileSeed.For(number)), core, null));
        Assert.InRange(accepted, 1, Dumps - 1);
    }

    private static bool Accepts(byte[] image, byte[] dump, DumpAddress? at)
    {
        try
        {
            ReadProfile(image, dump, at);
            return true;
        }
        catch (MalformedImageException)
        {
            return false;
        }
    }

    private static CpuProfile ReadProfile(byte[] bytes, byte[] dumpBytes, DumpAddress? at)
    {
        using KernelImage image = KernelImage.Read(ByteSource.FromBytes(bytes));
        using MemoryDump dump = MemoryDump.Read(ByteSource.FromBytes(dumpBytes, "dump"), at);
        var places = new KernelPlaces(image);
        return MemoryProfile.Read(
            image, SiteTable.Read(image), OpTable.Read(image, places), places, FeatureNames.Load(image.Era.FeatureNames),
            KernelMemory.Locate(image, dump), "dump");
    }
}
